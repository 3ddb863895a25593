<?php
// Makes refused.jsonl: Argon2 strings that say what a hash of `secret` says, in a spelling that the reference
// implementation, which PHP calls, refuses. See README.md.
foreach (['argon2id' => PASSWORD_ARGON2ID, 'argon2i' => PASSWORD_ARGON2I] as $scheme => $algorithm) {
    $right = password_hash('secret', $algorithm, ['memory_cost' => 64, 'time_cost' => 2, 'threads' => 1]);
    $alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    // 16 bytes of salt and 32 of hash: the last character of each has bits that stand for nothing.
    $stray = fn($text) => substr($text, 0, -1) . $alphabet[strpos($alphabet, substr($text, -1)) + 1];
    [, , $version, $costs, $salt, $hash] = explode('$', $right);
    $with = fn($costs, $salt, $hash) => "\$$scheme\$$version\$$costs\$$salt\$$hash";
    if (!password_verify('secret', $right)) exit("PHP refuses its own\n");
    foreach ([
        $with('m=064,t=2,p=1', $salt, $hash),
        $with('m=64,t=02,p=1', $salt, $hash),
        $with('m=64,t=2,p=01', $salt, $hash),
        $with('m=+64,t=2,p=1', $salt, $hash),
        $with($costs, $stray($salt), $hash),
        $with($costs, $salt, $stray($hash)),
        $with($costs, "$salt=", $hash),
        $with($costs, $salt, "$hash=="),
    ] as $stored) {
        if (password_verify('secret', $stored)) exit("PHP takes $stored\n");
        $line = ['scheme' => $scheme, 'password' => 'secret', 'stored' => $stored, 'by' => 'PHP ' . PHP_VERSION . ', refused by password_verify'];
        echo json_encode($line, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
    }
}
