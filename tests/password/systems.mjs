// The hashes that better-auth makes, and node-argon2, which Directus uses. Reads the passwords as JSON.
// Called by systems.sh, with the packages in NODE_PATH.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.NODE_PATH, 'x.js'));
const version = (name) => `${name} ${JSON.parse(readFileSync(path.join(process.env.NODE_PATH, name, 'package.json'))).version}`;
const argon2 = require('argon2');
const { hashPassword } = await import(pathToFileURL(require.resolve('better-auth/crypto')));
const put = (scheme, password, stored, by, more) => console.log(JSON.stringify({ scheme, password, stored, by, ...more }));

const passwords = JSON.parse(readFileSync(0, 'utf8'));
// Of several spellings NFKC makes one.
for (const password of [...passwords, '\uff30\uff41\uff53\uff53 \u2460 \ufb01 \u212b']) {
  const hash = await hashPassword(password);
  put('better-auth', password, hash, version('better-auth'));
  // In base64; and cut to the first 32 bytes of its key, as earlier versions of userferry did.
  const [salt, key] = hash.split(':').map((half) => Buffer.from(half, 'hex'));
  const base64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');
  put('better-auth', password, `$pair$${base64(salt)}$${base64(key)}`, `${version('better-auth')}, in base64`, { rule: { short: true }, record: { hash } });
  put('better-auth', password, `$better-auth$${salt.toString('hex')}$${base64(key.subarray(0, 32))}`, `${version('better-auth')}, cut`);
}
for (const [i, password] of passwords.entries()) {
  const options = { memoryCost: i ? 1024 << (i % 3) : 65536, timeCost: 2 + (i % 2), parallelism: 1 + (i % 4), type: argon2.argon2id };
  put('argon2id', password, await argon2.hash(password, options), `${version('argon2')}, as Directus`);
}
