#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `mlstow needs Node 20.19 or newer, this is ${process.version}. Install a newer Node and try again.\n`,
  );
  process.exit(3);
}
await import('../dist/main.js');
