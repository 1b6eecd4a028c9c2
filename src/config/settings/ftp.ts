import { defineSettings } from '../setting.ts';

/** FTP servers. */
export const FTP = defineSettings({
  'ftp.password': {
    type: 'string',
    variables: ['MLSTOW_FTP_PASSWORD'],
    secret: true,
    projectFile: 'refused',
    help: 'Password where the URI holds none.',
  },
  'ftp.tls': {
    type: 'enum',
    values: ['off', 'explicit', 'implicit'],
    variables: ['MLSTOW_FTP_TLS'],
    default: 'off',
    projectFile: 'refused',
    help: 'Encryption: none, AUTH TLS on the plain port, or TLS from the first byte.',
  },
  'ftp.ignoreTls': {
    type: 'boolean',
    variables: ['MLSTOW_FTP_IGNORE_TLS'],
    default: false,
    projectFile: 'refused',
    help: 'Accept any certificate of the server.',
  },
  'ftp.connections': {
    type: 'integer',
    variables: ['MLSTOW_FTP_CONNECTIONS'],
    min: 1,
    default: 4,
    projectFile: 'allowed',
    help: 'Most connections to one server; fewer are used where the server takes no more.',
  },
});
