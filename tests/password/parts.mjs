// What Node's own crypto makes for parts.jsonl; called by parts.py, which passes the passwords.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';

const passwords = JSON.parse(readFileSync(0, 'utf8'));
const by = `node ${process.versions.node.split('.')[0]} crypto`;
const lines = [];
const put = (line) => lines.push({ by, ...line });
const bare = (bytes) => bytes.toString('base64').replace(/=+$/, '');
const adapted = (bytes) => bare(bytes).replace(/\+/g, '.');

passwords.forEach((password, i) => {
  const salt = crypto.randomBytes(16);
  const text = `盐-${i}`;

  // HMAC with a key, as Auth0 takes it; also over a salt.
  const algorithm = ['md5', 'sha1', 'sha256', 'sha512'][i % 4];
  const key = crypto.randomBytes(12);
  const order = ['password', 'salt+password', 'password+salt'][i % 3];
  const letters = { password: 'p', 'salt+password': 'sp', 'password+salt': 'ps' }[order];
  const salted = letters === 'p' ? '' : text;
  const hmac = crypto.createHmac(algorithm, key).update(letters === 'ps' ? password + salted : salted + password).digest();
  put({
    scheme: 'hmac', password, stored: `$hmac-${algorithm}$${letters}$${bare(Buffer.from(salted))}$${bare(key)}$${bare(hmac)}`,
    rule: { scheme: `hmac-${algorithm}`, key_encoding: i % 2 ? 'hex' : 'base64', ...(salted ? { order } : {}) },
    record: { hash: hmac.toString(i % 2 ? 'hex' : 'base64'), key: key.toString(i % 2 ? 'hex' : 'base64'), ...(salted ? { salt: salted } : {}) },
  });

  // Digests of a password that was not in UTF-8.
  for (const [encoding, letter] of [['utf16le', 'u'], ['latin1', 'l']]) {
    const typed = Buffer.from(password, encoding);
    const name = ['md5', 'sha1', 'sha256', 'sha512'][(i + 1) % 4];
    const parts = i % 2 ? [salt, typed] : [typed, salt];
    const digest = crypto.createHash(name).update(Buffer.concat(parts)).digest();
    put({
      scheme: `salted-${name}`, password, stored: `$${name}$${i % 2 ? `s${letter}` : `${letter}s`}$${bare(salt)}$${bare(digest)}`,
      rule: { scheme: name, order: i % 2 ? 'prefix' : 'suffix', salt_encoding: 'base64', password_encoding: encoding },
      record: { hash: digest.toString('hex'), salt: salt.toString('base64') },
    });
  }

  // PBKDF2 with 64 bytes and salt in base64, as Keycloak keeps it, whole and cut.
  const [digest, iterations] = [['sha1', 20000], ['sha256', 27500], ['sha512', 21000]][i % 3];
  const hash = crypto.pbkdf2Sync(password, salt, iterations, 64, digest);
  const head = `$pbkdf2${digest === 'sha1' ? '' : `-${digest}`}$${iterations}$${adapted(salt)}$`;
  put({
    scheme: `pbkdf2-${digest}`, password, stored: head + adapted(hash),
    rule: { scheme: `pbkdf2-${digest}`, hash_encoding: 'base64', salt_encoding: 'base64' },
    record: { hash: hash.toString('base64'), salt: salt.toString('base64'), iterations },
  });
  put({ scheme: `pbkdf2-${digest}`, password, stored: head + adapted(hash.subarray(0, 32)), rule: { short: true }, record: { hash: head + adapted(hash) } });

  // OpenLDAP's SHA-2 that passlib does not make.
  for (const name of ['sha256', 'sha384', 'sha512']) {
    const plain = crypto.createHash(name).update(password).digest();
    put({ scheme: 'ldap-sha2', password, stored: `{${name.toUpperCase()}}${plain.toString('base64')}` });
  }
  const sha384 = crypto.createHash('sha384').update(password).update(salt.subarray(0, 8)).digest();
  put({ scheme: 'ldap-ssha2', password, stored: `{SSHA384}${Buffer.concat([sha384, salt.subarray(0, 8)]).toString('base64')}` });

  // Spring Security's forms, in which salt and hash stand together.
  if (i < 3) {
    const v58 = crypto.pbkdf2Sync(password, salt, 310000, 32, 'sha256');
    put({ scheme: 'pbkdf2-sha256', password, stored: `{pbkdf2@SpringSecurity_v5_8}${Buffer.concat([salt, v58]).toString('hex')}` });
    put({
      scheme: 'pbkdf2-sha256', password, stored: `$pbkdf2-sha256$310000$${adapted(salt)}$${adapted(v58)}`,
      rule: { short: true }, record: { hash: `{pbkdf2@SpringSecurity_v5_8}${Buffer.concat([salt, v58]).toString('hex')}` },
    });
  }
  const [ln, r, p] = [[10, 8, 1], [11, 4, 2], [12, 8, 1]][i % 3];
  const derived = crypto.scryptSync(password, salt, 32, { N: 2 ** ln, r, p });
  const costs = ((ln << 16) | (r << 8) | p).toString(16);
  const name = ['', '{scrypt}', '{scrypt@SpringSecurity_v5_8}'][i % 3];
  put({ scheme: 'scrypt', password, stored: `${name}$${costs}$${salt.toString('base64')}$${derived.toString('base64')}` });
});
console.log(JSON.stringify(lines));
