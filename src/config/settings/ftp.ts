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
  'ftp.connections': {
    type: 'integer',
    variables: ['MLSTOW_FTP_CONNECTIONS'],
    min: 1,
    default: 2,
    projectFile: 'allowed',
    help: 'Most connections to one server.',
  },
});
