import { flag, list, ofSetting, text, type Options } from './command.ts';

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS = {
  trackingUri: text('--tracking-uri <uri>', 'where experiments and runs are recorded', {
    setting: 'tracking.uri',
  }),
  profile: text('--profile <name>', 'profile of the configuration files', { setting: 'cli.profile' }),
  envFile: text('--env-file <path>', 'read variables from this file; those already set win', {
    setting: 'cli.envFile',
  }),
  output: text('--output <mode>', 'text, table (as text), json or jsonl', {
    setting: 'cli.output',
    choices: ['text', 'table', 'json', 'jsonl'],
  }),
  quiet: flag('-q, --quiet', 'print the bare result only', { setting: 'cli.quiet' }),
  noProgress: flag('--no-progress', 'show no bar'),
  logFormat: text('--log-format <format>', 'text or json, on stderr', {
    setting: 'cli.logFormat',
    choices: ['text', 'json'],
  }),
  verbose: flag('--verbose', 'tell every request, retry and choice on stderr', { setting: 'cli.verbose' }),
  color: text('--color <when>', 'auto, always or never', {
    setting: 'cli.color',
    choices: ['auto', 'always', 'never'],
  }),
  deadline: text('--deadline <duration>', 'give up after this time, such as 20m or 1h30m', {
    setting: 'cli.deadline',
  }),
} satisfies Options;

/** Options of the commands that decide where artifacts may go. */
export const PLACEMENT_OPTIONS = {
  sharedPath: list(
    '--shared-path <path>',
    'a folder that the tracking server sees under the same path (repeatable)',
    {
      setting: 'artifacts.sharedPaths',
    },
  ),
  allowLocal: flag('--allow-local', 'write to a folder of this machine although others will not see it', {
    setting: 'artifacts.allowLocal',
  }),
} satisfies Options;

/** Options of the commands that reach an artifact store. */
export const STORE_OPTIONS = {
  trustArtifactHost: list(
    '--trust-artifact-host <host>',
    'a host that may receive the tracking credentials (repeatable)',
    {
      setting: 'artifacts.trustedHosts',
    },
  ),
  caFile: ofSetting('net.caFile', 'file'),
  s3EndpointUrl: ofSetting('s3.endpointUrl', 'url'),
  s3Region: ofSetting('s3.region', 'region'),
  s3Addressing: ofSetting('s3.addressingStyle', 'style'),
  s3Signature: ofSetting('s3.signatureVersion', 'version'),
  s3Checksum: ofSetting('s3.checksum', 'when'),
  s3IgnoreTls: ofSetting('s3.ignoreTls'),
  s3CaBundle: ofSetting('s3.caBundle', 'file'),
  s3Profile: ofSetting('s3.profile', 'name'),
} satisfies Options;

/** Options of the commands that move files: which of them. */
export const SELECTION_OPTIONS = {
  include: list('--include <glob>', 'only what matches, by gitignore rules (repeatable)'),
  exclude: list(
    '--exclude <glob>',
    'nothing that matches, by gitignore rules (repeatable); it beats --include',
  ),
  ifExists: text('--if-exists <what>', 'overwrite (default), skip, newer or fail', {
    choices: ['overwrite', 'skip', 'newer', 'fail'],
  }),
  dryRun: flag('--dry-run', 'print what would happen to each file; nothing is moved or made'),
  manifest: text('--manifest <file>', 'write a line of JSON for each file: what became of it'),
} satisfies Options;

/** Options of the commands that move files: how it is done. */
export const TRANSFER_OPTIONS = {
  workers: ofSetting('artifacts.workers', 'n'),
  bwlimit: ofSetting('artifacts.bandwidthLimit', 'bytes'),
  resume: flag('--resume', 'when stopped, keep what is unfinished, so that the next try goes on with it'),
  noResume: flag('--no-resume', 'take no notes, and do not go on with an interrupted try'),
} satisfies Options;
