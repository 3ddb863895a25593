// The vendor's page on importing users, as a program: one user after the other. Only the host is added.
'use strict';

const fs = require('node:fs');
const { ManagementClient } = require('authing-js-sdk');

const [host, userPoolId, secret, file] = process.argv.slice(2);
const users = JSON.parse(fs.readFileSync(file, { encoding: 'utf8' }));

async function main() {
  const managementClient = new ManagementClient({ userPoolId, secret, host });
  for (const yourUser of users) {
    await managementClient.users.create(
      {
        nickname: yourUser.nickname,
        password: yourUser.password,
        email: yourUser.mail,
        emailVerified: yourUser.emailVerified,
        phone: yourUser.phone,
        loginsCount: yourUser.loginsCount,
        oauth: JSON.stringify(yourUser),
      },
      { keepPassword: true },
    );
  }
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
