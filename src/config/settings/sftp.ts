import { defineSettings } from '../setting.ts';

/**
 * SSH servers. What names trust, identities or programs is refused in a project file: an ssh_config may run commands
 * (ProxyCommand, Match exec).
 */
export const SFTP = defineSettings({
  'sftp.password': {
    type: 'string',
    variables: ['MLSTOW_SFTP_PASSWORD'],
    secret: true,
    projectFile: 'refused',
    help: 'Password where neither a key nor the URI gives one.',
  },
  'sftp.identityFile': {
    type: 'path',
    variables: ['MLSTOW_SFTP_IDENTITY_FILE'],
    projectFile: 'refused',
    help: 'Private key. Unset: the agent, then what ssh_config names, then ~/.ssh/id_*.',
  },
  'sftp.identityPassphrase': {
    type: 'string',
    variables: ['MLSTOW_SFTP_IDENTITY_PASSPHRASE'],
    secret: true,
    projectFile: 'refused',
    help: 'Passphrase of the private key.',
  },
  'sftp.agentSocket': {
    type: 'path',
    variables: ['SSH_AUTH_SOCK'],
    projectFile: 'refused',
    help: 'Socket of the SSH agent.',
  },
  'sftp.configFile': {
    type: 'path',
    variables: ['MLSTOW_SSH_CONFIG'],
    default: '~/.ssh/config',
    projectFile: 'refused',
    help: 'Host names, users, ports, identities and jump hosts by alias.',
  },
  'sftp.knownHosts': {
    type: 'path',
    variables: ['MLSTOW_SFTP_KNOWN_HOSTS'],
    default: '~/.ssh/known_hosts',
    projectFile: 'refused',
    help: 'File with the host keys to trust.',
  },
  'sftp.hostKeyFingerprint': {
    type: 'string',
    variables: ['MLSTOW_SFTP_HOST_KEY_FINGERPRINT'],
    projectFile: 'refused',
    help: 'The only host key to trust, as SHA256:… (ssh-keygen -lf prints it).',
  },
  'sftp.sessions': {
    type: 'integer',
    variables: ['MLSTOW_SFTP_SESSIONS'],
    min: 1,
    max: 64,
    default: 4,
    projectFile: 'allowed',
    help: 'Most sessions to one server.',
  },
});
