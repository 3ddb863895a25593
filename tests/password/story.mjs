// The whole story of passwords: an export of three schemes is checked, proved, staged and sent to the
// sandbox; with the function that was written as its login, everybody signs in with the old password.
//   node story.mjs BINARY
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { Readable } from 'node:stream';

const binary = path.resolve(process.argv[2]);
const here = path.dirname(new URL(import.meta.url).pathname);
const desk = fs.mkdtempSync(path.join(os.tmpdir(), 'password-story-'));
process.on('exit', () => fs.rmSync(desk, { recursive: true, force: true }));
const file = (name) => path.join(desk, name);
const write = (name, text) => fs.writeFileSync(file(name), text);

let passed = 0;
let failed = 0;
function check(condition, what) {
  if (condition) passed += 1;
  else {
    failed += 1;
    console.error(`FAILED ${what}`);
  }
}

const SECRET = 'sandbox-secret';
const env = {
  PATH: process.env.PATH,
  AUTHING_USERPOOL_ID: '5f0000000000000000000001',
  AUTHING_SECRET: SECRET,
};
// Runs userferry, and expects this exit code.
function ferry(code, ...line) {
  const did = spawnSync(binary, line, { cwd: desk, env, encoding: 'utf8' });
  check(did.status === code, `userferry ${line.join(' ')}: exit ${did.status}\n${did.stdout}${did.stderr}`);
  return did.stdout + did.stderr;
}

// ---- the export: bcrypt, Django's PBKDF2, and MD5 with a salt in its own column, as Discuz has it
const md5 = (text) => crypto.createHash('md5').update(text).digest('hex');
const vectors = fs.readFileSync(path.join(here, 'vectors.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const of = (scheme, start) =>
  vectors.filter((v) => v.scheme === scheme && v.stored.startsWith(start) && !v.rule && v.password !== '').slice(0, 10);
const passwords = ['secret', 'p+a&s%s=w?', '我的密码', ' spaces ', 'Passw0rd!', '🔑', 'x'.repeat(100), '"\'\\', 'a', '%2B+'];
const users = [
  ...of('bcrypt', '$2b$04$').map((v) => ({ password: v.password, columns: { pwd: v.stored } })),
  ...of('pbkdf2-sha256', 'pbkdf2_sha256$').map((v) => ({ password: v.password, columns: { pwd: v.stored, salt: null } })),
  ...passwords.map((password, i) => ({ password, columns: { pwd: md5(md5(password) + `s${i}`), salt: `s${i}` } })),
].map((user, i) => ({ ...user, id: `u${i}`, mail: `u${i}@example.com` }));
check(users.length >= 25, `${users.length} users`);
write('users.json', JSON.stringify(users.map((user) => ({ uid: user.id, mail: user.mail, ...user.columns }))));
write('userferry.toml', `[mapping]
externalId = "uid"
email = "mail"
password = { scheme = "md5", hash = "pwd", salt = "salt", order = "md5(password)+salt" }
`);

// ---- check, stage, prove
const checked = ferry(0, 'check', 'users.json');
for (const scheme of ['bcrypt', 'pbkdf2-sha256', 'salted-md5']) check(checked.includes(`  ${scheme} `), `check names ${scheme}`);
ferry(0, 'stage', 'users.json');
for (const user of users) {
  write('password', user.password);
  ferry(0, 'password', 'verify', '--key', user.id, '--password-file', 'password');
  write('password', `${user.password.slice(1)}~`);
  ferry(3, 'password', 'verify', '--key', user.id, '--password-file', 'password');
}

// ---- the function
ferry(0, 'password', 'function', '-o', 'function');
execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent', '--omit=dev'], { cwd: file('function'), stdio: 'inherit' });
const self = spawnSync('node', ['self-test.js'], { cwd: file('function'), encoding: 'utf8' });
check(self.status === 0, `the self-test: ${self.stdout}${self.stderr}`);
const { encrypt, validate } = createRequire(file('function/index.js'))('./index.js');

// ---- run, to the sandbox
const sandbox = spawn(binary, ['sandbox', '--port', '0', '--state', 'state'], { cwd: desk, env, stdio: ['ignore', 'pipe', 'ignore'] });
const lines = readline.createInterface({ input: sandbox.stdout });
env.AUTHING_HOST = (await lines[Symbol.asyncIterator]().next()).value.trim();
ferry(0, 'run');
const ended = new Promise((resolve) => sandbox.on('exit', resolve));
sandbox.kill('SIGTERM');
await ended;
const stored = new Map();
for (const line of fs.readFileSync(file('state'), 'utf8').trim().split('\n')) {
  const write = JSON.parse(line);
  if (write.kind === 'user') stored.set(write.fields.externalId, write.password);
}

// ---- everybody signs in
function call(handler, queries) {
  return new Promise((resolve) => {
    let status;
    handler(Object.assign(Readable.from([]), { queries }), {
      setStatusCode: (code) => { status = code; },
      setHeader: () => {},
      send: (body) => resolve({ status, ...JSON.parse(body) }),
    }, {});
  });
}
const signsIn = async (password, encryptedPassword) => (await call(validate, { password, encryptedPassword })).isValid;
for (const user of users) {
  const kept = stored.get(user.id);
  check(typeof kept === 'string', `${user.id} is in the directory with a password`);
  check(await signsIn(user.password, kept), `${user.id} signs in with the old password`);
  check(!(await signsIn(`${user.password.slice(1)}~`, kept)), `${user.id} does not sign in with another one`);
}
// One of them takes a new password.
const { password: renewed } = await call(encrypt, { password: 'a new one' });
check(await signsIn('a new one', renewed), 'a new password signs in');
check(!(await signsIn(users[0].password, renewed)), 'the old one does not any more');

console.log(`${users.length} users; ${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
