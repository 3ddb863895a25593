'use strict';
// A digest without salt in hexadecimal digits; its length tells which.

const { digest, hex, sameBytes } = require('./common');

const FUNCTIONS = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

module.exports = {
  name: 'hex',

  recognises(stored) {
    return stored.length in FUNCTIONS && /^[0-9a-fA-F]+$/.test(stored);
  },

  async verify(password, stored) {
    return sameBytes(digest(FUNCTIONS[stored.length], password), hex(stored));
  },
};
