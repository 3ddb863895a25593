// Hashes of the npm package @phc/pbkdf2 for forms.py, which passes the passwords. `NODE_PATH` leads to it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const require = createRequire(path.join(process.env.NODE_PATH, 'index.js'));
const pbkdf2 = require('@phc/pbkdf2');
const passwords = JSON.parse(readFileSync(0, 'utf8'));
const lines = [];
for (const [i, password] of passwords.entries()) {
  const digest = ['sha1', 'sha256', 'sha512'][i % 3];
  lines.push([digest, password, await pbkdf2.hash(password, { iterations: 1000 + i, digest, saltSize: 8 + i })]);
}
console.log(JSON.stringify(lines));
