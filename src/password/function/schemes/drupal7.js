'use strict';
// Drupal 7 and later: `$S$`, phpass's way with SHA-512, cut to 55 characters. `U` in front: the
// site was upgraded, and what was hashed is the hexadecimal MD5 that Drupal 6 had stored.

const { digest } = require('./common');
const { stretched } = require('./phpass');

module.exports = {
  name: 'drupal7',

  recognises(stored) {
    return /^(\$S\$|U\$[SPH]\$)/.test(stored);
  },

  async verify(password, stored) {
    const upgraded = stored[0] === 'U';
    const modular = upgraded ? stored.slice(1) : stored;
    const bytes = Buffer.from(upgraded ? digest('md5', password).toString('hex') : password, 'utf8');
    if (/^\$S\$[./A-Za-z0-9]{52}$/.test(modular)) return stretched('sha512', bytes, modular);
    if (/^\$[PH]\$[./A-Za-z0-9]{31}$/.test(modular)) return stretched('md5', bytes, modular);
    return false;
  },
};
