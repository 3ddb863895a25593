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
const put = (scheme, password, stored, by) => console.log(JSON.stringify({ scheme, password, stored, by }));

const passwords = JSON.parse(readFileSync(0, 'utf8'));
// Of several spellings NFKC makes one.
for (const password of [...passwords, '\uff30\uff41\uff53\uff53 \u2460 \ufb01 \u212b']) {
  put('better-auth', password, await hashPassword(password), version('better-auth'));
}
for (const [i, password] of passwords.entries()) {
  const options = { memoryCost: i ? 1024 << (i % 3) : 65536, timeCost: 2 + (i % 2), parallelism: 1 + (i % 4), type: argon2.argon2id };
  put('argon2id', password, await argon2.hash(password, options), `${version('argon2')}, as Directus`);
}
