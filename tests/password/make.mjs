// The hashes that Node's own crypto makes; called by make.py, which passes the passwords.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';

const passwords = JSON.parse(readFileSync(0, 'utf8'));
const by = `node ${process.versions.node.split('.')[0]} crypto`;
const lines = [];
const put = (line) => lines.push({ ...line, by });

function aspnet3(password, prf, iterations, saltLength = 16, keyLength = 32) {
  const salt = crypto.randomBytes(saltLength);
  const key = crypto.pbkdf2Sync(password, salt, iterations, keyLength, ['sha1', 'sha256', 'sha512'][prf]);
  const head = Buffer.alloc(13);
  head[0] = 1;
  head.writeUInt32BE(prf, 1);
  head.writeUInt32BE(iterations, 5);
  head.writeUInt32BE(saltLength, 9);
  return Buffer.concat([head, salt, key]).toString('base64');
}

passwords.forEach((password, i) => {
  const salt = crypto.randomBytes(16);
  const key = crypto.pbkdf2Sync(password, salt, 1000, 32, 'sha1');
  put({ scheme: 'aspnet-identity', password, stored: Buffer.concat([Buffer.alloc(1), salt, key]).toString('base64') });
  put({ scheme: 'aspnet-identity', password, stored: aspnet3(password, i % 3, [1, 1000, 10000][i % 3]) });
});
// What .NET 7 and later write by default, and .NET Core before.
put({ scheme: 'aspnet-identity', password: 'Passw0rd!', stored: aspnet3('Passw0rd!', 2, 100000) });
put({ scheme: 'aspnet-identity', password: 'Passw0rd!', stored: aspnet3('Passw0rd!', 1, 10000) });

// Columns of a Node program, to be composed: digests in hex or base64, salts as text or bytes.
passwords.forEach((password, i) => {
  const algorithm = ['sha1', 'sha256', 'sha512'][i % 3];
  const iterations = 100 + i;
  const length = { sha1: 20, sha256: 32, sha512: 64 }[algorithm];
  const salt = i % 2 ? crypto.randomBytes(16) : Buffer.from(`salt-${i}-盐`, 'utf8');
  const key = crypto.pbkdf2Sync(password, salt, iterations, length, algorithm);
  put({
    scheme: `pbkdf2-${algorithm}`,
    password,
    rule: {
      scheme: `pbkdf2-${algorithm}`,
      ...(i % 2 ? { salt_encoding: i % 4 === 1 ? 'hex' : 'base64' } : {}),
      ...(i % 3 === 0 ? { iterations } : {}), // a constant of the rule, or a column
      ...(i % 2 ? { hash_encoding: 'base64' } : {}),
    },
    record: {
      hash: key.toString(i % 2 ? 'base64' : 'hex'),
      salt: i % 2 ? salt.toString(i % 4 === 1 ? 'hex' : 'base64') : salt.toString('utf8'),
      ...(i % 3 === 0 ? {} : { iterations }),
    },
  });
  const [n, r, p] = [[1024, 8, 1], [2048, 4, 2], [512, 1, 3]][i % 3];
  const derived = crypto.scryptSync(password, salt, i % 2 ? 64 : 32, { N: n, r, p });
  put({
    scheme: 'scrypt',
    password,
    rule: {
      scheme: 'scrypt',
      ...(i % 2 ? { salt_encoding: i % 4 === 1 ? 'hex' : 'base64', hash_encoding: 'base64' } : {}),
    },
    record: {
      hash: derived.toString(i % 2 ? 'base64' : 'hex'),
      salt: i % 2 ? salt.toString(i % 4 === 1 ? 'hex' : 'base64') : salt.toString('utf8'),
      n, r, p,
    },
  });
});
console.log(JSON.stringify(lines));
