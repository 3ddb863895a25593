'use strict';
// `$md5$ORDER$SALT$DIGEST`, and the same with sha1, sha256, sha512: a digest over salt and password
// in the order that ORDER spells. s: the salt; p: the password; m, h: the hexadecimal md5 or sha1
// of the password. A digest of SHA-512 may have been cut to its first 32 bytes.

const { base64, digest, sameBytes } = require('./common');

const FORM = /^\$(md5|sha1|sha256|sha512)\$([spmh]{1,4})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/;
const LENGTHS = { md5: [16], sha1: [20], sha256: [32], sha512: [64, 32] };

module.exports = {
  name: 'salted',

  // The order in letters keeps out other programs' `$md5$rounds=…` and `$sha1$40000$…`.
  recognises(stored) {
    return FORM.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    if (!m) return false;
    const [, algorithm, order] = m;
    const salt = base64(m[3]);
    const expected = base64(m[4]);
    if (!salt || !expected || !LENGTHS[algorithm].includes(expected.length)) return false;
    if (order.replace(/s/g, '').length !== 1) return false; // the password exactly once
    if (!order.includes('s') && salt.length > 0) return false;
    const parts = {
      s: () => salt,
      p: () => password,
      m: () => digest('md5', password).toString('hex'),
      h: () => digest('sha1', password).toString('hex'),
    };
    const derived = digest(algorithm, ...[...order].map((letter) => parts[letter]()));
    return sameBytes(derived.subarray(0, expected.length), expected);
  },
};
