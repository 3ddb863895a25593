'use strict';
// crypt(3)'s SHA-256 (`$5$`) and SHA-512 (`$6$`), with or without `rounds=`. A hash of SHA-512 may
// have been cut to its first 43 characters.

const { LIMITS, decimal, digest, crypt64, cryptPassword, sameText } = require('./common');

const FORM = /^\$([56])\$(?:rounds=([0-9]+)\$)?([^$]{0,16})\$([./A-Za-z0-9]+)$/;
const DEFAULT_ROUNDS = 5000;

const KINDS = {
  5: {
    algorithm: 'sha256', size: 32, lengths: [43],
    // The order in which the digest's bytes are written.
    order: [20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9, 30, 31],
  },
  6: {
    algorithm: 'sha512', size: 64, lengths: [86, 43],
    order: [
      42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51, 30, 9, 10, 52,
      31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
    ],
  },
};

// `bytes` over and over, until there are `length` of them.
function filled(bytes, length) {
  const result = Buffer.alloc(length);
  for (let at = 0; at < length; at += bytes.length) bytes.copy(result, at);
  return result;
}

function shacrypt({ algorithm, size, order }, password, salt, rounds) {
  const inner = digest(algorithm, password, salt, password);
  const start = [password, salt, filled(inner, password.length)];
  for (let bits = password.length; bits > 0; bits >>>= 1) start.push(bits & 1 ? inner : password);
  let hash = digest(algorithm, ...start);
  const p = filled(digest(algorithm, ...Array(password.length).fill(password)), password.length);
  const s = filled(digest(algorithm, ...Array(16 + hash[0]).fill(salt)), salt.length);
  for (let i = 0; i < rounds; i++) {
    const parts = [i % 2 ? p : hash];
    if (i % 3) parts.push(s);
    if (i % 7) parts.push(p);
    parts.push(i % 2 ? hash : p);
    hash = digest(algorithm, Buffer.concat(parts)); // one call is quicker than four
  }
  return crypt64(Buffer.from(order.slice(0, size).map((at) => hash[at])));
}

module.exports = {
  name: 'sha-crypt',

  recognises(stored) {
    return /^\$[56]\$/.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    const bytes = cryptPassword(password);
    if (!m || !bytes) return false;
    const kind = KINDS[m[1]];
    const rounds = m[2] === undefined ? DEFAULT_ROUNDS : decimal(m[2], LIMITS.sha_crypt_rounds);
    // crypt(3) never writes fewer than 1,000.
    if (rounds === null || rounds < 1000 || !kind.lengths.includes(m[4].length)) return false;
    const hash = shacrypt(kind, bytes, Buffer.from(m[3], 'utf8'), rounds);
    return sameText(hash.slice(0, m[4].length), m[4]);
  },
};
