// The hashes that better-auth makes. Reads the passwords as JSON.
// Called by systems.sh, with the packages in NODE_PATH.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.NODE_PATH, 'x.js'));
const version = (name) => `${name} ${JSON.parse(readFileSync(path.join(process.env.NODE_PATH, name, 'package.json'))).version}`;
const { hashPassword } = await import(pathToFileURL(require.resolve('better-auth/crypto')));
const put = (scheme, password, stored, by) => console.log(JSON.stringify({ scheme, password, stored, by }));

const passwords = JSON.parse(readFileSync(0, 'utf8'));
// Of several spellings NFKC makes one.
for (const password of [...passwords, '\uff30\uff41\uff53\uff53 \u2460 \ufb01 \u212b']) {
  put('better-auth', password, await hashPassword(password), version('better-auth'));
}
