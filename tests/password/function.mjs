// Runs every vector through the custom password function, and strings that mean harm.
//   node function.mjs [directory]
// The directory holds a complete function with hash-wasm installed. Without one, all schemes are
// put together in a temporary directory, and npm installs what they need.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

const here = path.dirname(new URL(import.meta.url).pathname);
const source = path.join(here, '../../src/password/function');
const vectors = ['vectors.jsonl', 'forms.jsonl', 'systems.jsonl', 'parts.jsonl', 'either.jsonl'].flatMap((name) =>
  fs.readFileSync(path.join(here, name), 'utf8').trim().split('\n').map((line) => JSON.parse(line)));
const projects = new Map(vectors.filter((v) => v.firebase).map((v) => [JSON.stringify(v.firebase), v.firebase]));

let passed = 0;
let failed = 0;
function check(condition, what) {
  if (condition) passed += 1;
  else {
    failed += 1;
    if (failed <= 40) console.error(`FAILED ${what}`);
  }
}
process.on('unhandledRejection', (error) => check(false, `unhandled rejection: ${error}`));
process.on('uncaughtException', (error) => check(false, `uncaught exception: ${error && error.stack}`));

// The whole function, as it is written for a user who has every scheme.
function assemble() {
  const target = fs.mkdtempSync(path.join(os.tmpdir(), 'password-function-'));
  process.on('exit', () => fs.rmSync(target, { recursive: true, force: true }));
  fs.cpSync(source, target, { recursive: true });
  const { order, packages } = JSON.parse(fs.readFileSync(path.join(source, 'dependencies.json')));
  const requires = order.map((name) => `require('./schemes/${name}'),`).join('\n  ');
  const template = fs.readFileSync(path.join(source, 'handlers.js'), 'utf8');
  if (template.split('/* schemes */').length !== 2) throw new Error('the marker is not there once');
  fs.writeFileSync(path.join(target, 'index.js'), template.replace('/* schemes */', () => requires));
  fs.rmSync(path.join(target, 'handlers.js'));
  fs.rmSync(path.join(target, 'dependencies.json'));
  const manifest = JSON.parse(fs.readFileSync(path.join(source, 'package.json')));
  manifest.dependencies = Object.assign({}, ...Object.values(packages)); // package-lock.json is made for these
  fs.writeFileSync(path.join(target, 'package.json'), JSON.stringify(manifest, null, 2));
  fs.writeFileSync(path.join(target, 'firebase.json'), JSON.stringify([...projects.values()][0]));
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent', '--omit=dev'], { cwd: target, stdio: 'inherit' });
  return target;
}

const directory = path.resolve(process.argv[2] || assemble());
const require = createRequire(path.join(directory, 'index.js'));

// The handlers as loaded with one Firebase project's parameters.
function load(project) {
  const settings = path.join(directory, 'firebase.json');
  require.cache[settings] = { id: settings, filename: settings, loaded: true, exports: project };
  return require('./index.js');
}
const { encrypt, validate } = load([...projects.values()][0]);

class Body extends Readable {
  constructor(queries, text = 'ignored') {
    super();
    this.queries = queries;
    this.text = text;
  }
  _read() {
    this.push(this.text);
    this.text = null;
    if (this.drained === undefined) this.drained = true;
  }
}

function call(handler, queries, request = new Body(queries)) {
  return new Promise((resolve) => {
    const answer = { count: 0, headers: {} };
    const response = {
      setStatusCode(status) { answer.status = status; },
      setHeader(key, value) { answer.headers[key.toLowerCase()] = value; },
      send(text) {
        answer.count += 1;
        answer.ended = request && request.readableEnded;
        answer.body = JSON.parse(text);
        const { user, system } = process.cpuUsage(start);
        answer.milliseconds = (user + system) / 1000;
        setImmediate(() => setImmediate(() => resolve(answer)));
      },
    };
    const start = process.cpuUsage();
    const returned = handler(request, response, {});
    if (returned !== undefined) check(false, 'a handler returned something');
  });
}

async function isValid(password, encryptedPassword) {
  const answer = await call(validate, { password, encryptedPassword });
  if (answer.status !== 200 || answer.count !== 1 || typeof answer.body.isValid !== 'boolean') {
    check(false, `${encryptedPassword}: ${JSON.stringify(answer)}`);
  }
  return answer.body.isValid;
}

// ---- vectors
function wrong(vector) {
  const { password, stored, scheme } = vector;
  const letters = [...password];
  // bcrypt itself looks at 72 bytes only.
  const cut = scheme === 'bcrypt' && !stored.startsWith('bcrypt_sha256') && Buffer.byteLength(password) > 72;
  const last = cut ? 10 : letters.length - 1;
  const changed = letters.map((letter, i) => (i === last ? (letter === 'Q' ? 'R' : 'Q') : letter)).join('');
  const upper = password.toUpperCase();
  const lower = password.toLowerCase();
  const cased = upper !== password ? upper : lower !== password ? lower : `${password}A`;
  return ['another one', password === '' ? ' ' : changed, cased];
}

const slow = new Map();
const counts = new Map();
for (const vector of vectors) {
  if (vector.firebase) load(vector.firebase);
  const label = `${vector.scheme} ${vector.stored} (${vector.by}) with ${JSON.stringify(vector.password)}`;
  const start = performance.now();
  const right = await isValid(vector.password, vector.stored);
  const took = performance.now() - start;
  if (took > (slow.get(vector.scheme) || [0])[0]) slow.set(vector.scheme, [took, vector.stored.slice(0, 40)]);
  check(right === (vector.verifiable !== false), `right password: ${label}`);
  counts.set(vector.scheme, (counts.get(vector.scheme) || 0) + 1);
  for (const password of wrong(vector)) check(!(await isValid(password, vector.stored)), `wrong ${JSON.stringify(password)}: ${label}`);
}
console.log(`${vectors.length} vectors of ${counts.size} schemes`);

// WordPress trims what is typed, and no other program is known to.
const around = vectors.filter((v) => v.by.startsWith('passlib') && v.verifiable !== false && v.password === 'secret');
check(around.filter((v) => v.stored.startsWith('$P$')).length > 0 && around.length > 20, 'passlib has both');
for (const { password, stored } of around) {
  for (const given of [`  ${password}`, `\t${password}\r\n`, `${password}\x0b`]) {
    check((await isValid(given, stored)) === stored.startsWith('$P$'), `${JSON.stringify(given)}: ${stored}`);
  }
  check(!(await isValid(`\u00a0${password}`, stored)), `Unicode's space: ${stored}`);
}
// It lets nobody in with an empty password. The mark is no part of what is hashed.
const empty = vectors.find((v) => v.scheme === 'phpass' && v.password === '').stored.replace('$H$', '$P$');
check((await isValid('', empty)) && !(await isValid(' ', empty)), 'an empty password');

// Spellings that the schemes' own library refuses, with the right password.
const refused = fs.readFileSync(path.join(here, 'refused.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
check(refused.length === 16, 'refused.jsonl is whole');
for (const { password, stored } of refused) check(!(await isValid(password, stored)), `refused spelling: ${stored}`);
for (const [scheme, [took, stored]] of slow) if (took > 300) console.log(`  slowest of ${scheme}: ${Math.round(took)} ms, ${stored}…`);
load([...projects.values()][0]);

// ---- the function's own test
try {
  const lines = execFileSync(process.execPath, ['self-test.js'], { cwd: directory, encoding: 'utf8' }).trim().split('\n');
  check(lines.every((line) => line.startsWith('ok ')) && lines.length === Object.keys(JSON.parse(fs.readFileSync(path.join(source, 'self-test.json')))).length + 1,
    `the self-test says: ${lines}`);
} catch (error) {
  check(false, `the self-test fails: ${error.stdout}`);
}

// ---- strings that ask for too much, in each family
const big = ['99', '31', '30', '4294967295', '2147483648', '9999999999', '99999999999999999999', '1e9', '-1', '0', '00', '01', ' 8', '8 ', '0x10', 'NaN', 'Infinity', '', '1.5', '\u0661\u0662'];
const s22 = 'abcdefghijklmnopqrstuu';
const x = (n, letter = 'x') => letter.repeat(n);
const b32 = Buffer.alloc(32, 7).toString('base64').replace('=', '');
const expensive = {
  bcrypt: [...big.map((c) => `$2b$${c}$${x(53)}`), ...['16', '17', '20', '29', '30', '31', '00', '03'].map((c) => `bcrypt$$2b$${c}$${x(53)}`), ...['16', '31'].map((c) => `bcrypt_sha256$$2b$${c}$${x(53)}`), `$2x$04$${x(53)}`, `$2$04$${x(53)}`, `$2c$04$${x(53)}`],
  wordpress: big.map((c) => `$wp$2y$${c}$${x(53)}`).concat(['16', '31'].map((c) => `$wp$2y$${c}$${x(53)}`), '$wp', '$wp$', '$wp$P$Bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'),
  argon2: big.flatMap((c) => [`$argon2id$v=19$m=${c},t=1,p=1$c2FsdHNhbHQ$${b32}`, `$argon2id$v=19$m=64,t=${c},p=1$c2FsdHNhbHQ$${b32}`.replace(/t=(8|30|31)\b/, 't=99'), `argon2$argon2i$v=19$m=64,t=1,p=${c}$c2FsdHNhbHQ$${b32}`])
    .concat(`$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$${b32}`, `$argon2id$m=64,t=1,p=1$c2FsdHNhbHQ$${b32}`, `$argon2id$v=19$m=262144,t=64,p=1$c2FsdHNhbHQ$${b32}`, `$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHQ$${b32}`, `$argon2id$v=19$m=8,t=1,p=16$c2FsdHNhbHQ$${b32}`, `$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$${x(900, 'A')}`, `$argon2id$v=19$m=64,t=1,p=1$c2E$${b32}`,
      ...['m=64,m=64,p=1', 't=1,t=1,t=1', 'm=64,t=1', 'p=1,t=1,m=999999999', 't=99,m=64,p=1', 'm=64,t=1,p=1,m=64', 'm=64,t=1,p=1,data=AA', '__proto__=1,t=1,p=1', 'm=,t=1,p=1'].map((c) => `$argon2id$v=19$${c}$c2FsdHNhbHQ$${b32}`)),
  scrypt: big.flatMap((c) => [`$scrypt$ln=${c},r=8,p=1$c2FsdA$${b32}`.replace(/ln=8 ?/, 'ln=88'), `$scrypt$ln=17,r=${c},p=99$c2FsdA$${b32}`, `scrypt:${c}:8:1$salt$${x(64, 'a')}`, `scrypt:1024:8:${c}$salt$${x(62, 'a')}zz`, `scrypt$${c}$salt$8$1$${b32}=`, `scrypt$1048576$salt$8$${c}$${b32}=`])
    .concat(`$7$z6..../....salt$${x(43)}`, `$7$Czzzzzzzzzzsalt$${x(43)}`, `$7$C6....zzzzzsalt$${x(43)}`, `$7$J6..../....salt$${x(43)}`, `$7$`, `$7$C`, 'scrypt:1000:8:1$salt$' + x(64, 'a'), `scrypt:131072:8:16$salt$${x(64, 'a')}`, `$scrypt$ln=17,r=16,p=1$c2FsdA$${b32}`, `$scrypt$ln=16,r=1,p=1$c2FsdA$${b32}`,
      ...['ffffff', '1f0801', '120801', '1008ff', '10ff01', '100001', '000801', '00801', 'fffff'].flatMap((c) => [`$${c}$c2FsdHNhbHQ=$${b32}=`, `{scrypt}$${c}$c2FsdHNhbHQ$${b32}`, `{scrypt@x}$${c}$c2E=$${b32}=`]),
      `$e0801$c2FsdHNhbHQ=$${x(900, 'A')}`, `$e0801$c2FsdHNhbHQ=$${x(22, 'A')}B`),
  pbkdf2: big.flatMap((c) => [`$pbkdf2-sha256$${c}$c2FsdA$${b32}`.replace('$30$', '$30$$').replace(/\$(99|31)\$/, '$4000001$'), `pbkdf2_sha256$${c}$salt$${b32.slice(0, 9)}`, `pbkdf2:sha512:${c}$salt$${x(9, 'a')}`, `$pbkdf2$4000001${c}$c2FsdA$${b32}`])
    .concat(`$pbkdf2-sha512$4000000$c2FsdA$${x(200, 'A')}`, `$pbkdf2-md5$1$c2FsdA$${b32}`, `pbkdf2_md5$1$salt$${b32}=`, `pbkdf2:md4:1$salt$${x(64, 'a')}`, `pbkdf2:sha256$salt$${x(64, 'a')}`)
    .concat(big.flatMap((c) => [`$pbkdf2-sha512$i=${c},l=32$c2FsdA$${x(9, 'A')}`, `{PBKDF2-SHA512}4000001${c}$c2FsdA$${b32}`, `{PBKDF2}${c}$c2FsdA$${x(9, 'A')}`]),
      `$pbkdf2-sha256$i=1,l=31$c2FsdA$${b32}`, `$pbkdf2-sha256$l=32,i=1$c2FsdA$${b32}`, `$pbkdf2-sha256$i=1,l=32,x=1$c2FsdA$${b32}`, `{PBKDF2-MD5}1$c2FsdA$${b32}`, '{PKCS5S2}', `{PKCS5S2}${x(63, 'A')}`,
      `{PKCS5S2}${x(68, 'A')}`, `{pbkdf2}${x(79, 'a')}`, `{pbkdf2}${x(96, 'a')}`, `{pbkdf2}${x(80, 'g')}`, `{pbkdf2@SpringSecurity_v5_8}${x(80, 'a')}`, `{pbkdf2@x}${x(80, 'a')}`, `{PKCS5S2}${x(64, '!')}`, `{PBKDF2-SHA512}4000000$c2FsdA$${x(200, 'A')}`),
  'better-auth': [...Array(40).keys()].map((n) => `${x(n, 'a')}:${x(128, 'a')}`).filter((s) => s.length !== 161).concat([127, 129, 0, 1000].map((n) => `${x(32, 'a')}:${x(n, 'b')}`),
    `${x(32, 'A')}:${x(128, 'a')}!`, `${x(31, 'a')}g:${x(128, 'a')}`, `${x(32, 'a')}:${x(127, 'a')}g`, `${x(32, 'a')}:${x(128, 'a')}:1`, `${x(32, 'a')}::${x(128, 'a')}`, `${x(32, 'a')};${x(128, 'a')}`),
  magento: big.flatMap((c) => [`${x(64, 'a')}:salt:3_32_${c}_1073741824`, `${x(64, 'a')}:salt:3_${c}_2_8192`.replace('3_30_', '3_3_').replace('3_31_', '3_3_'), `${x(64, 'a')}:salt:3_32_2_${c}`]).concat([
    ':salt:2', `${x(64, 'a')}::2`, `${x(63, 'a')}:salt:2`, `${x(64, 'g')}:salt:2`, `${x(64, 'a')}:salt:2:`, `${x(64, 'a')}:salt:2:1`, `${x(64, 'a')}:salt:4`, `${x(64, 'a')}:salt:1:1:1:1:2`, `${x(64, 'a')}:salt:constructor:2`,
    `${x(64, 'a')}:${x(200, 's')}:2`, `${x(64, 'a')}:sa lt:2`, `${x(64, 'a')}:密码:2`, `${x(64, 'a')}:salt:3_32_64_67108864`, `${x(64, 'a')}:salt:3_32_65_8192`, `${x(64, 'a')}:salt:3_32_2_8193`, `${x(64, 'a')}:salt:2\n`]),
  'aspnet-identity': [
    ...[0xffffffff, 0x7fffffff, 4000001, 0].map((n) => { const b = Buffer.alloc(61, 5); b[0] = 1; b.writeUInt32BE(2, 1); b.writeUInt32BE(n, 5); b.writeUInt32BE(16, 9); return b; }),
    ...[0xffffffff, 0x80000000, 0, 1, 15, 33, 48, 100].map((n) => { const b = Buffer.alloc(61, 5); b[0] = 1; b.writeUInt32BE(1, 1); b.writeUInt32BE(1, 5); b.writeUInt32BE(n, 9); return b; }),
    ...[3, 9, 0xffffffff].map((n) => { const b = Buffer.alloc(61, 5); b[0] = 1; b.writeUInt32BE(n, 1); b.writeUInt32BE(1, 5); b.writeUInt32BE(16, 9); return b; }),
    ...[700, 500].map((n) => { const b = Buffer.alloc(n, 5); b[0] = 1; b.writeUInt32BE(2, 1); b.writeUInt32BE(4000000, 5); b.writeUInt32BE(16, 9); return b; }),
    ...[0, 1, 2].map((n) => Buffer.alloc(48, n)), ...[2, 255].map((n) => Buffer.alloc(61, n)),
  ].map((b) => b.toString('base64')),
  phpass: ['.', '/', '6', 'H', 'S', 'T', 'U', 'z', '!', ' ', '\0', '密'].flatMap((c) => [`$P$${c}${x(30)}`, `$H$${c}${x(30)}`]),
  drupal7: ['.', '/', '6'.replace('6', '4'), 'H', 'S', 'T', 'U', 'z', '!', '\0'].flatMap((c) => [`$S$${c}${x(51)}`, `U$S$${c}${x(51)}`, `U$P$${c}${x(30)}`]).concat('U$', 'U$S', `U$2b$04$${x(53)}`),
  'md5-crypt': [`$1$saltsaltsalt$${x(22)}`, `$apr1$saltsaltsalt$${x(22)}`, '$1$', '$1$$', '$apr1$$$', `$1$salt$${x(21)}`, `$1$salt$${x(23)}`, `$1$salt$${x(900)}`, `$1$rounds=5$a$${x(22)}`],
  'sha-crypt': big.flatMap((c) => [`$5$rounds=${c}$salt$${x(43)}`.replace(/rounds=9999999999\$/, 'rounds=1000001$'), `$6$rounds=${c}$salt$${x(86)}`]).concat(`$6$rounds=1000001$salt$${x(86)}`, `$5$rounds=999$salt$${x(43)}`, `$5$${x(17)}$${x(43)}`, `$6$salt$${x(44)}`, `$6$salt$${x(85)}`, `$5$rounds=1000$rounds=1000$${x(43)}`),
  ldap: ['{SHA}', '{SSHA}', '{MD5}', '{SMD5}', '{SSHA512}', '{CRYPT}', '{SHA512}', '{X}'].flatMap((w) => ['', '=', 'AAAA', x(27, 'A'), x(28, '!'), x(900, '='), '密码', `${x(26, 'A')}==`, `${x(27, 'A')}B=`].map((v) => w + v)),
  'firebase-scrypt': ['', '$', '$$', 'a$b', '$b', 'AAAA$', 'AAAA$AAAA', `AAAA$${x(87, 'A')}`, `AAAA$${x(900, 'A')}`, `!!!!$${x(86, 'A')}`, `AAAA$${x(86, '!')}`, `A$${x(86, 'A')}`, `AAAA$${x(85, 'A')}B`, 'AAAA$AAAA$AAAA', `${x(400, 'A')}$${x(40, 'A')}`].map((v) => `$firebase-scrypt$${v}`),
  hex: [31, 33, 39, 41, 63, 65, 127, 129, 1000].map((n) => x(n, 'a')).concat([32, 40, 64, 128].flatMap((n) => [`${x(n - 1, 'a')}g`, `${x(n - 1, 'a')}\n`, ` ${x(n - 1, 'a')}`, `${x(n - 1, 'a')}\u0660`, `0x${x(n - 2, 'a')}`])),
  salted: ['', 's', 'ss', 'sss', 'pp', 'pm', 'sph', 'ssss', 'psssp', 'sssspp', 'x', 'P', 'spp', 'p s', 'rounds=5'].flatMap((o) => ['md5', 'sha512', 'sha1', 'sha256'].map((a) => `$${a}$${o}$c2FsdA$${a === 'md5' ? 'B7n2cvIdTUWYsqQUS0gTAw' : b32}`)).concat(`$md5$p$c2FsdA$${x(22, 'A')}`, `$md5$sp$c2FsdB$${x(22, 'A')}`, `$md5$sp$${x(800, 'A')}$AAAA`, `$md4$sp$AAAA$${x(22, 'A')}`, '$md5$sp$', '$md5$sp$$', `$sha512$sp$AAAA$${x(24, 'A')}`, `$sha1$40000$jtNX3nZ2$${x(28, 'A')}`)
    .concat([`md5$salt$${x(31, 'a')}`, `md5$salt$${x(40, 'a')}`, `sha1$$${x(32, 'a')}`, `sha256$$${x(64, 'a')}`, `md4$salt$${x(32, 'a')}`, `md5$sa lt$${x(32, 'a')}`, 'md5$$', `md5$${x(200, 's')}$${x(32, 'a')}`,
      `${x(32, 'a')}:`, `:${x(32, 'a')}`, `${x(32, 'a')}: `, `${x(33, 'a')}:salt`, `sha256:${x(64, 'a')}`, `${x(64, 'a')}:salt:2:1`, `${x(64, 'a')}:salt:0:1`, `${x(64, 'a')}:salt:0:4`, `${x(32, 'a')}:${x(200, 's')}`, `${x(32, 'a')}:密码`,
      `${x(32, 'g')}:salt`, ':'.repeat(500),
      ...['', 's', 'pp', 'spp', 'x', 'p', 'ul'].flatMap((o) => [`$hmac-sha256$${o}$c2FsdA$a2V5$${b32}`, `$hmac-md4$${o}$$a2V5$${b32}`, `$hmac-sha256$${o}$$$AAAA`]), '$hmac-sha256$', '$hmac-sha256$p$$$', `$hmac-sha512$p$$${x(800, 'A')}$AA`, `${x(32, 'a')}:\0`, `constructor:${x(32, 'a')}`]),
  fbscrypt: [...big.flatMap((c) => [`v=1,n=${c},r=9999,p=1,sk=${x(64, 'A')}`, `v=1,n=14,r=8,p=99${c},sk=${x(64, "A")}`, `v=1${c},n=10,r=8,p=1,sk=${x(64, 'A')}`.replace('v=1,', 'v=2,')]),
    'v=2,n=10,r=8,p=1,sk=AAAA', 'n=10,r=8,p=1,sk=AAAA', 'v=1,n=10,r=8,p=1', 'v=1,n=18,r=8,p=1,sk=AAAA', 'v=1,n=17,r=8,p=16,sk=AAAA', 'v=1,n=10,r=8,p=1,ss=!,sk=AAAA', 'v=1,n=10,r=8,p=1,ss=A,sk=AAAA', 'v=1,n=0,r=8,p=1,sk=AAAA',
  ].map((costs) => `$fbscrypt$${costs}$c2FsdA==$${x(64, 'A')}`).concat('$fbscrypt$', '$fbscrypt$$$$', `$fbscrypt$v=1,n=10,r=8,p=1,sk=AAAA$c2FsdA==$AAAA`),
};

// A good string of each family, broken in every way a hand or a program breaks one.
function broken(stored) {
  const n = stored.length;
  const cut = [1, 2, 3, 5, 9, 17, 30].filter((k) => k < n).map((k) => stored.slice(0, -k));
  const put = ['\0', '\n', ' ', '!', '"', '\u00e9', '密', '\ud800', '%', ':'].flatMap((c) => [n >> 1, n - 1].map((k) => stored.slice(0, k) + c + stored.slice(k + 1)));
  return [...cut, ...put, stored + '\n', stored + ' ', ' ' + stored, stored + '$', stored + stored, stored + '=', stored + '====', '$' + stored,
    stored.slice(1), stored.replace(/\$/g, '$$$$'), stored.replace(/\$/g, ''), stored.replace(/\$/g, ':') + '.', [...stored].reverse().join(''),
    stored.replace(/[$}]([^$}]*)$/, ''), stored.padEnd(1025, 'A'), stored.padEnd(100000, 'A'), stored + '$'.repeat(500), stored.repeat(5), '\ufeff' + stored,
    stored.toUpperCase() + '#', stored.slice(0, n >> 2) + stored.slice(n >> 1)];
}

const { files, order } = JSON.parse(fs.readFileSync(path.join(source, 'dependencies.json')));
let worst = [0, ''];
// Of these, what is left of a hash after a cut is a shorter form of it, and padding may be left out:
// the right password is still right, as the description of the forms has it, a wrong one is not.
const CUT = ['scrypt', 'pbkdf2', 'firebase-scrypt', 'fbscrypt', 'aspnet-identity', 'ldap', 'argon2', 'better-auth'];
let shorter = 0;
for (const [family, strings] of Object.entries(expensive)) {
  const samples = vectors.filter((v) => files[v.scheme] && files[v.scheme][0] === family && v.password && v.verifiable !== false && !v.firebase);
  const firebase = vectors.filter((v) => v.firebase && JSON.stringify(v.firebase) === [...projects.keys()][0]);
  const sources = family === 'firebase-scrypt' ? firebase : samples;
  const all = [...strings];
  const password = 'secret';
  const cheap = sources.filter((v) => v.password === password && (v.stored.length < 150 || v.stored.includes(',n=10,'))).slice(0, 3);
  const bases = (cheap.length ? cheap : sources.slice(0, 2)).map((v) => v.stored);
  const isShorter = (stored) => CUT.includes(family) && bases.some((base) =>
    stored.replace(/=+$/, '') !== '' && base.startsWith(stored.replace(/=+$/, '')) && stored.length <= base.length + 1 && !/={3}/.test(stored));
  for (const v of (cheap.length ? cheap : sources.slice(0, 2))) all.push(...broken(v.stored).filter((s) => s.toLowerCase() !== v.stored.toLowerCase()));
  const unique = [...new Set(all)];
  for (const stored of unique) {
    if (isShorter(stored) && (await isValid(password, stored))) {
      check(!(await isValid('Secret', stored)), `a wrong password: ${stored}`);
      shorter += 1;
      continue;
    }
    const answer = await call(validate, { password, encryptedPassword: stored });
    const label = `${family}: ${JSON.stringify(stored.slice(0, 100))}: ${JSON.stringify(answer)}`;
    check(answer.count === 1 && answer.status === 200 && answer.body.isValid === false, `hostile ${label}`);
    // Its work, not its time: another program may have the processor meanwhile. What works too much does so each time.
    let work = answer.milliseconds;
    for (let again = 0; work >= 50 && again < 5; again += 1) {
      work = Math.min(work, (await call(validate, { password, encryptedPassword: stored })).milliseconds);
    }
    check(work < 50, `much work for ${label}`);
    if (work > worst[0]) worst = [work, stored.slice(0, 60)];
  }
  check(unique.length >= 60, `${family}: only ${unique.length} hostile strings`);
  console.log(`${family}: ${unique.length} hostile strings`);
}
console.log(`${shorter} of them were shorter forms of a hash, and refused a wrong password`);
check(shorter <= 24, 'too many shorter or padded forms are accepted');
console.log(`most work for a refusal: ${worst[0].toFixed(1)} ms of the processor, ${worst[1]}`);

// ---- passwords that are too long, or have a zero byte
for (const vector of vectors.filter((v) => v.password === 'secret' && v.verifiable !== false && !v.firebase)) {
  check(!(await isValid(x(4097), vector.stored)), `4097 bytes: ${vector.stored}`);
  if (/^(\$[1567]\$|\$apr1|\$2|bcrypt\$)/.test(vector.stored)) {
    check(!(await isValid('secret\0', vector.stored)), `zero byte: ${vector.stored}`);
    check(!(await isValid('secret\0more', vector.stored)), `zero byte: ${vector.stored}`);
  }
}

// ---- plain passwords are no hashes
const typed = fs.readFileSync(path.join(here, 'typed.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t')[1]);
check(typed.length === 2000, `${typed.length} passwords as people type them`);
for (const plain of [...fs.readFileSync(path.join(here, 'plain.txt'), 'utf8').split('\n').slice(0, -1), ...typed]) {
  check(!(await isValid(plain, plain)), `plain ${plain} is accepted for itself`);
}
check(order.length === Object.keys(expensive).length - 1, 'a family has no hostile strings');

// ---- encrypt, then validate
for (const password of ['secret', 'x'.repeat(4096), '密码🔑', ' spaces ', 'zero\0byte', '\ud800']) {
  const made = await call(encrypt, { password });
  check(made.status === 200 && made.count === 1 && made.headers['content-type'] === 'application/json', 'encrypt answers');
  check(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/.test(made.body.password), `form: ${made.body.password}`);
  check(await isValid(password, made.body.password), 'round trip');
  check(!(await isValid(`${password.slice(1)}!`, made.body.password)), 'round trip, wrong');
}

// ---- firebase.json is missing or of no use: only its users are told so
for (const project of [{}, { ...[...projects.values()][0], mem_cost: 30 }, null]) {
  load(project);
  const vector = vectors.find((v) => v.firebase);
  const answer = await call(validate, { password: vector.password, encryptedPassword: vector.stored });
  check(answer.status === 500 && answer.count === 1, `a useless firebase.json: ${JSON.stringify(answer)}`);
}
load([...projects.values()][0]);

// ---- bad input, and requests of every kind
const stored = vectors.find((v) => v.scheme === 'ldap-sha' && v.password === 'secret').stored;
const good = { password: 'secret', encryptedPassword: stored };
for (const [handler, queries] of [
  [encrypt, {}], [encrypt, undefined], [encrypt, null], [encrypt, { password: '' }], [encrypt, { password: ['a', 'b'] }], [encrypt, { password: 5 }],
  [encrypt, { password: x(4097) }], [encrypt, { password: '密'.repeat(1400) }], [validate, {}], [validate, undefined], [validate, { password: 'x' }],
  [validate, { encryptedPassword: stored }], [validate, { ...good, password: ['secret'] }], [validate, { ...good, encryptedPassword: { a: 1 } }],
  [validate, Object.create(null)],
]) {
  const answer = await call(handler, queries);
  check(answer.count === 1 && answer.status === 500 && typeof answer.body.message === 'string', `bad input ${JSON.stringify(queries)}: ${JSON.stringify(answer)}`);
  check(!JSON.stringify(answer.body).includes('secret'), 'a message quotes the password');
}
const drained = await call(validate, good);
check(drained.ended === true && drained.body.isValid, 'the request is read to its end before the answer');
const ended = new Body(good);
ended.resume();
await new Promise((resolve) => ended.on('end', resolve));
const destroyed = new Body(good);
destroyed.destroy();
const failing = new Readable({ read() { this.destroy(new Error('reset')); } });
failing.queries = good;
const huge = new Body(good, Buffer.alloc(5 << 20, 1));
const never = new Readable({ read() {} });
never.queries = good;
for (const [name, request] of Object.entries({ ended, destroyed, failing, huge, never, plain: { queries: good } })) {
  const answer = await call(validate, null, request);
  check(answer.count === 1 && answer.status === 200 && answer.body.isValid, `request ${name}: ${JSON.stringify(answer)}`);
}
for (const request of [undefined, null, 5, { get queries() { throw new Error('no'); } }]) {
  const answer = await call(validate, null, request);
  check(answer.count === 1 && answer.status === 500, `request ${String(request && typeof request)}: ${JSON.stringify(answer)}`);
}
// A response that cannot be written to.
for (const response of [undefined, {}, { setStatusCode() { throw new Error('gone'); } }]) {
  let threw = false;
  try { validate(new Body(good), response, {}); } catch { threw = true; }
  check(!threw, 'a handler threw');
}
await new Promise((resolve) => setTimeout(resolve, 100));

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
