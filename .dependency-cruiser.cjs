/** The direction of imports: core ← net ← config ← resolver; stores and tracking below transfer; cli above all. */
const forbid = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$|^src/main\\.ts$' },
      to: {},
    },
    forbid('core-is-the-ground', '^src/core/', '^src/(?!core/)', 'core imports nothing of ours but core'),
    forbid('net-knows-core', '^src/net/', '^src/(?!(core|net)/)', 'net imports core only'),
    forbid('config-knows-core', '^src/config/', '^src/(?!(core|config)/)', 'config imports core only'),
    forbid(
      'artifacts-know-core-and-net',
      '^src/artifacts/',
      '^src/(?!(core|net|artifacts)/)',
      'stores know no settings table, no tracking, no transfer, no cli',
    ),
    forbid(
      'tracking-knows-core-and-net',
      '^src/tracking/',
      '^src/(?!(core|net|tracking)/)',
      'tracking knows no settings table, no artifacts, no cli',
    ),
    forbid(
      'resolver-below-transfer',
      '^src/resolver/',
      '^src/(transfer|cli)/',
      'the resolver answers where; it moves nothing',
    ),
    forbid(
      'transfer-knows-contracts',
      '^src/transfer/',
      '^src/(cli|config|resolver|tracking|artifacts/stores)/',
      'the engine knows the store contract, never a store',
    ),
    forbid(
      'gc-knows-contracts',
      '^src/gc/',
      '^src/(cli|config|session|resolver|artifacts/stores|tracking/(rest|file|sql))/',
      'gc knows the contracts of stores and records, never one of them',
    ),
    forbid(
      'doctor-knows-contracts',
      '^src/doctor/',
      '^src/(cli|session|transfer|gc|tracking/(rest|file|sql))/',
      'doctor looks through the context that the session makes; of a store it asks how a setting is read',
    ),
    forbid('nobody-imports-cli', '^src/(?!(cli/|main\\.ts))', '^src/cli/', 'cli is the top'),
    {
      name: 'stores-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/artifacts/stores/([^/]+)/' },
      to: { path: '^src/artifacts/stores/', pathNot: '^src/artifacts/stores/$1/' },
    },
    {
      name: 'sdks-stay-in-their-store',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/artifacts/stores/|^src/tracking/(rest|sql)/|^src/gc/scratch/' },
      to: {
        path: 'node_modules/(@aws-sdk|@smithy|@azure|@google-cloud|ssh2|basic-ftp|@photostructure|kysely|pg|mysql2|tedious)/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
