'use strict';
// better-auth: `salt:key` in hexadecimal digits. scrypt with N = 2^14, r = 16, p = 1 of the password
// in NFKC; the salt is its digits as they stand. `$pair$salt$key` is the same in base64; `$better-auth$salt$key`
// has the first 32 bytes of the key in base64. 32 and 128 digits may also be a salt and the SHA-512 of it and a
// password, or an MD5 digest and its salt, so these are tried, too.

const { base64, hex, sameBytes } = require('./common');
const { derive } = require('./scrypt');
const salted = require('./salted');

const FORM = /^([0-9a-f]{32}):([0-9a-f]{128})$/;
const CUT = /^\$better-auth\$([0-9a-f]{32})\$([A-Za-z0-9+/]{43}=?)$/;
const PAIR = /^\$pair\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{86})$/;

// The digits that a pair in base64 stands for.
function unpacked(stored) {
  const [, ...halves] = PAIR.exec(stored) || [];
  const bytes = halves.map(base64);
  return bytes.length === 2 && bytes.every(Boolean) ? bytes.map((half) => half.toString('hex')).join(':') : stored;
}

module.exports = {
  name: 'better-auth',

  recognises(stored) {
    return FORM.test(unpacked(stored)) || CUT.test(stored);
  },

  async verify(password, text) {
    const stored = unpacked(text);
    const m = FORM.exec(stored);
    const cut = CUT.exec(stored);
    const key = m ? hex(m[2]) : cut && base64(cut[2]);
    if (!key) return false;
    const derived = await derive(password.normalize('NFKC'), (m || cut)[1], key.length, { n: 2 ** 14, r: 16, p: 1 });
    if (sameBytes(derived, key)) return true;
    return m ? salted.verify(password, stored) : salted.matchesCut(password, cut[1], key);
  },
};
