'use strict';
// better-auth: `salt:key` in hexadecimal digits. scrypt with N = 2^14, r = 16, p = 1 of the password
// in NFKC; the salt is its digits as they stand. 32 and 128 digits may also be a salt and the
// SHA-512 of it and a password, so that is tried, too.

const { hex, sameBytes } = require('./common');
const { derive } = require('./scrypt');
const salted = require('./salted');

const FORM = /^([0-9a-f]{32}):([0-9a-f]{128})$/;

module.exports = {
  name: 'better-auth',

  recognises(stored) {
    return FORM.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    if (!m) return false;
    const key = await derive(password.normalize('NFKC'), m[1], 64, { n: 2 ** 14, r: 16, p: 1 });
    return sameBytes(key, hex(m[2])) || salted.verify(password, stored);
  },
};
