import { defineSettings } from '../setting.ts';

/** How the command shows itself. */
export const CLI = defineSettings({
  'cli.profile': {
    type: 'string',
    variables: ['MLSTOW_PROFILE'],
    flag: '--profile',
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Profile in the configuration files whose settings beat their top level.',
  },
  'cli.envFile': {
    type: 'path',
    flag: '--env-file',
    projectFile: 'refused',
    userFile: 'refused',
    help: 'File with environment variables; those that are set already win.',
  },
  'cli.output': {
    type: 'enum',
    values: ['text', 'table', 'json', 'jsonl'],
    variables: ['MLSTOW_OUTPUT'],
    flag: '--output',
    default: 'text',
    projectFile: 'allowed',
    help: 'Form of the result on standard output; table means text.',
  },
  'cli.quiet': {
    type: 'boolean',
    variables: ['MLSTOW_QUIET'],
    flag: '--quiet',
    default: false,
    projectFile: 'allowed',
    help: 'Print the bare result only.',
  },
  'cli.verbose': {
    type: 'boolean',
    variables: ['MLSTOW_VERBOSE'],
    flag: '--verbose',
    default: false,
    projectFile: 'allowed',
    help: 'Tell every request and retry on standard error.',
  },
  'cli.logFormat': {
    type: 'enum',
    values: ['text', 'json'],
    variables: ['MLSTOW_LOG_FORMAT'],
    flag: '--log-format',
    default: 'text',
    projectFile: 'allowed',
    help: 'Form of the lines on standard error.',
  },
  'cli.color': {
    type: 'enum',
    values: ['auto', 'always', 'never'],
    variables: ['MLSTOW_COLOR'],
    flag: '--color',
    default: 'auto',
    projectFile: 'allowed',
    help: 'Colours: auto means on a terminal, unless NO_COLOR is set.',
  },
  'cli.noColor': {
    type: 'presence',
    variables: ['NO_COLOR'],
    default: false,
    projectFile: 'allowed',
    help: 'No colours where cli.color is auto; any text in the variable means yes.',
  },
  'cli.deadline': {
    type: 'duration',
    unit: 's',
    variables: ['MLSTOW_DEADLINE'],
    flag: '--deadline',
    projectFile: 'allowed',
    help: 'Time after which the whole command stops with exit code 7.',
  },
});

/** Brakes that only a person, on the command line or in the own file, may release. */
export const GC = defineSettings({
  'gc.yes': {
    type: 'boolean',
    flag: '--yes',
    default: false,
    projectFile: 'refused',
    help: 'Delete without asking.',
  },
  'gc.breakReferences': {
    type: 'boolean',
    flag: '--break-references',
    default: false,
    projectFile: 'refused',
    help: 'Delete even what a model version, a logged model or another run still needs.',
  },
  'gc.acceptSchema': {
    type: 'string',
    flag: '--accept-schema',
    projectFile: 'refused',
    help: 'Delete rows in a database at this schema revision although this version does not know it.',
  },
});
