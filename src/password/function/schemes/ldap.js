'use strict';
// Directories' `{SHA}`, `{MD5}`, `{SHA256}`, `{SHA384}`, `{SHA512}`, and the same with a salt: base64 of
// the digest, and of the salt after it where there is one (another S in front says so).

const { base64, digest, sameBytes } = require('./common');

const FORM = /^\{(S?SHA|S?MD5|S?SHA(?:256|384|512))\}([A-Za-z0-9+/]+={0,2})$/i;
const KINDS = {
  SHA: ['sha1', 20, false],
  SSHA: ['sha1', 20, true],
  MD5: ['md5', 16, false],
  SMD5: ['md5', 16, true],
  SHA256: ['sha256', 32, false],
  SSHA256: ['sha256', 32, true],
  SHA384: ['sha384', 48, false],
  SSHA384: ['sha384', 48, true],
  SHA512: ['sha512', 64, false],
  SSHA512: ['sha512', 64, true],
};

module.exports = {
  name: 'ldap',

  recognises(stored) {
    return FORM.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    const bytes = m && base64(m[2]);
    if (!bytes) return false;
    const [algorithm, size, salted] = KINDS[m[1].toUpperCase()];
    if (salted ? bytes.length <= size : bytes.length !== size) return false;
    return sameBytes(digest(algorithm, password, bytes.subarray(size)), bytes.subarray(0, size));
  },
};
