'use strict';
// Directories' `{SHA}`, `{SSHA}`, `{MD5}`, `{SMD5}`, `{SSHA512}`: base64 of the digest, and of the
// salt after it where there is one (the S in front says so).

const { base64, digest, sameBytes } = require('./common');

const FORM = /^\{(SHA|SSHA|MD5|SMD5|SSHA512)\}([A-Za-z0-9+/]+={0,2})$/i;
const KINDS = {
  SHA: ['sha1', 20, false],
  SSHA: ['sha1', 20, true],
  MD5: ['md5', 16, false],
  SMD5: ['md5', 16, true],
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
