'use strict';
// phpass's portable hashes: `$P$` (old WordPress) and `$H$` (phpBB), rounds of MD5.

const { LIMITS, ITOA64, digest, crypt64, sameText, phpTrim } = require('./common');

// Whether a string of prefix, one letter for the rounds, eight of salt and the hash belongs to the
// bytes. The hash may have been cut.
function stretched(algorithm, bytes, stored) {
  const log2 = ITOA64.indexOf(stored[3]);
  if (log2 < 7 || log2 > LIMITS.phpass_log2) return false;
  let hash = digest(algorithm, stored.slice(4, 12), bytes);
  for (let i = 2 ** log2; i > 0; i--) hash = digest(algorithm, Buffer.concat([hash, bytes]));
  const expected = stored.slice(12);
  return sameText(crypt64(hash).slice(0, expected.length), expected);
}

module.exports = {
  name: 'phpass',
  stretched,

  recognises(stored) {
    return /^\$[PH]\$/.test(stored);
  },

  async verify(password, stored) {
    if (!/^\$[PH]\$[./A-Za-z0-9]{31}$/.test(stored)) return false;
    const matches = (text) => stretched('md5', Buffer.from(text, 'utf8'), stored);
    if (matches(password)) return true;
    // WordPress trims a password when it is set (wp_hash_password) and when it is given (wp_authenticate), and lets
    // nobody in with an empty one. Other programs that write `$P$` do not trim, so this is the second try.
    const trimmed = phpTrim(password);
    return stored.startsWith('$P$') && trimmed !== '' && trimmed !== password && matches(trimmed);
  },
};
