'use strict';
// WordPress 6.8 and later: `$wp$2y$…`, bcrypt over a keyed digest, so that no letter of a long
// password is lost. Older hashes are phpass's.

const crypto = require('crypto');
const { matches } = require('./bcrypt');
const { phpTrim } = require('./common');

module.exports = {
  name: 'wordpress',

  recognises(stored) {
    return stored.startsWith('$wp$');
  },

  async verify(password, stored) {
    // WordPress trims a password when it is set and when it is given.
    const trimmed = phpTrim(password);
    const inner = crypto.createHmac('sha384', 'wp-sha384').update(trimmed, 'utf8').digest('base64');
    return matches(Buffer.from(inner), stored.slice('$wp'.length));
  },
};
