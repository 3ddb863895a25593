'use strict';
// scrypt. `$scrypt$ln=15,r=8,p=1$salt$hash`; Werkzeug's `scrypt:32768:8:1$salt$hex`;
// Django's `scrypt$N$salt$r$p$base64`; Spring Security's `$100801$salt$hash`; crypt(3)'s `$7$…`.

const crypto = require('crypto');
const { LIMITS, ITOA64, base64, unpadded, hex, decimal, crypt64, sameBytes, sameText } = require('./common');

const PHC = /^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,3}),p=([0-9]{1,3})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/;
const WERKZEUG = /^scrypt:([0-9]{1,10}):([0-9]{1,3}):([0-9]{1,3})\$([^$]+)\$([0-9a-fA-F]+)$/;
const DJANGO = /^scrypt\$([0-9]{1,10})\$([^$]+)\$([0-9]{1,3})\$([0-9]{1,3})\$([A-Za-z0-9+/]+={0,2})$/;
const SPRING = /^\$([0-9a-fA-F]{5,6})\$([A-Za-z0-9+/]{11,}={0,2})\$([A-Za-z0-9+/]{22,}={0,2})$/;
const CRYPT = /^\$7\$([./A-Za-z0-9])([./A-Za-z0-9]{5})([./A-Za-z0-9]{5})([^$]*)\$([./A-Za-z0-9]{43})$/;

// { n, r, p, salt, hash }, or null.
function parse(stored) {
  let m;
  if ((m = PHC.exec(stored))) {
    const ln = decimal(m[1], 30);
    return ln && { n: 2 ** ln, r: decimal(m[2], 999), p: decimal(m[3], 999), salt: base64(m[4]), hash: base64(m[5]) };
  }
  if ((m = WERKZEUG.exec(stored))) {
    return { ...numbers(m[1], m[2], m[3]), salt: Buffer.from(m[4], 'utf8'), hash: hex(m[5]) };
  }
  if ((m = DJANGO.exec(stored))) {
    return { ...numbers(m[1], m[3], m[4]), salt: Buffer.from(m[2], 'utf8'), hash: base64(m[5]) };
  }
  if ((m = SPRING.exec(stored))) {
    const costs = Number.parseInt(m[1], 16);
    const [ln, r, p] = [costs >>> 16, (costs >>> 8) & 255, costs & 255];
    return { n: 2 ** ln, r, p, salt: base64(m[2]), hash: base64(m[3]) };
  }
  return null;
}

function numbers(n, r, p) {
  return { n: decimal(n, 2 ** 30), r: decimal(r, 999), p: decimal(p, 999) };
}

function derive(password, salt, length, { n, r, p }) {
  return new Promise((resolve, reject) => {
    // OpenSSL counts its memory a little higher than 128 N r, hence the room.
    const maxmem = 128 * n * r + 128 * r * p + 1024 * 1024;
    crypto.scrypt(password, salt, length, { N: n, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function affordable({ n, r, p }) {
  return n >= 2 && Number.isInteger(Math.log2(n)) && r >= 1 && p >= 1 &&
    Math.log2(n) < 16 * r && // the definition of scrypt
    p <= LIMITS.scrypt_p && 128 * n * r <= LIMITS.scrypt_memory_bytes && n * r * p <= LIMITS.scrypt_n_r_p;
}

// Thirty bits in five characters, the lowest first.
function number30(text) {
  return [...text].reduceRight((value, letter) => value * 64 + ITOA64.indexOf(letter), 0);
}

async function verifyCrypt(password, m) {
  const cost = { n: 2 ** ITOA64.indexOf(m[1]), r: number30(m[2]), p: number30(m[3]) };
  if (!affordable(cost) || password.includes('\0')) return false;
  // The salt is used as it is written.
  const derived = await derive(password, m[4], 32, cost);
  return sameText(crypt64(derived), m[5]);
}

module.exports = {
  name: 'scrypt',
  affordable,
  derive,

  recognises(stored) {
    return /^(\$scrypt\$|scrypt:|scrypt\$|\$7\$)/.test(stored) || SPRING.test(stored);
  },

  async verify(password, stored) {
    const m = CRYPT.exec(stored);
    if (m) return verifyCrypt(password, m);
    const parts = parse(stored);
    if (!parts || !parts.salt || !parts.hash || !affordable(parts)) return false;
    // A hash may have been cut to its first bytes: scrypt's output begins the same at any length.
    if (parts.hash.length < 16 || parts.hash.length > LIMITS.derived_bytes) return false;
    return sameBytes(await derive(password, parts.salt, parts.hash.length, parts), parts.hash);
  },

  // For new passwords: 32 MiB and a tenth of a second or so.
  async hash(password) {
    const salt = crypto.randomBytes(16);
    const key = await derive(password, salt, 32, { n: 2 ** 15, r: 8, p: 1 });
    return `$scrypt$ln=15,r=8,p=1$${unpadded(salt)}$${unpadded(key)}`;
  },
};
