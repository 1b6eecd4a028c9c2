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
    help: 'The only private key to offer. Unset: the agent, then what ssh_config names, else ~/.ssh/id_*.',
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
    help: 'Host names, users, ports, identities and a jump host by alias.',
    note: 'Match blocks, Include and ProxyCommand are not read: no program is run.',
  },
  'sftp.knownHosts': {
    type: 'path',
    variables: ['MLSTOW_SFTP_KNOWN_HOSTS'],
    projectFile: 'refused',
    help: 'File with the host keys to trust. Unset: what ssh_config names, else ~/.ssh/known_hosts.',
    note: '/etc/ssh/ssh_known_hosts is read as well; an unknown key is always refused.',
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
    help: 'Most connections to one server; each serves four operations at once.',
  },
});
