import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import type { HostPort } from '../../../core/location/authorities.ts';
import type { SftpOptions } from './options.ts';
import { readHostConfig, type HostConfig } from './ssh-config.ts';

/** A server as it is really reached. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A secret. */
  readonly password?: string;
  /** Private keys that exist, in the order in which they are tried. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The name under which known_hosts knows it. */
  readonly knownAs: { readonly name: string; readonly port: number };
  readonly knownHostsFiles: readonly string[];
  readonly jump?: Target;
  /** Whether it is only passed through: the fingerprint that is set is not its own. */
  readonly isJump: boolean;
}

const SSH_PORT = 22;
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const SYSTEM_KNOWN_HOSTS = '/etc/ssh/ssh_known_hosts';

/** `sftp://user@host:port` for messages. */
export function labelOf({ user, host, port }: Target): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return `sftp://${user}@${bracketed}${port === SSH_PORT ? '' : `:${port}`}`;
}

/**
 * What the URI says, completed by ssh_config as MLflow does: its HostName replaces the host, its Port and User count
 * where the URI names none (`sftp_artifact_repo.py`).
 * @throws Failure misconfigured, unsupported (ProxyCommand, more than one jump)
 */
export async function resolveTarget(parts: HostPort, options: SftpOptions): Promise<Target> {
  return resolveHost(parts, options, false);
}

async function resolveHost(parts: HostPort, options: SftpOptions, isJump: boolean): Promise<Target> {
  const alias = parts.host === '' ? 'localhost' : parts.host;
  const config = await readHostConfig(options.configFile, alias);
  const first = (keyword: string) => config.get(keyword)?.[0];
  const host = (first('hostname') ?? alias).replaceAll('%h', alias).replaceAll('%%', '%');
  const port = parts.port ?? Number(first('port') ?? SSH_PORT);
  const user = [parts.user, first('user')].find((each) => each !== undefined && each !== '') ?? options.user;
  const expand = (text: string) => expandTokens(text, { d: options.home, h: host, r: user, u: options.user });
  const password = parts.password ?? (isJump ? undefined : options.password);
  const keyAlias = first('hostkeyalias');
  const jump = isJump ? undefined : await jumpOf(config, alias, options);
  return {
    host,
    port,
    user,
    ...(password === undefined ? {} : { password }),
    identityFiles: await identityFilesOf(config, options, expand),
    identitiesOnly: options.identityFile !== undefined || first('identitiesonly')?.toLowerCase() === 'yes',
    knownAs: keyAlias === undefined ? { name: host.toLowerCase(), port } : { name: keyAlias, port: SSH_PORT },
    knownHostsFiles: knownHostsFilesOf(config, options, expand),
    ...(jump ? { jump } : {}),
    isJump,
  };
}

/** `~` and the tokens of ssh_config(5) that need no lookup. */
function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  const home = text.startsWith('~/') ? join(tokens['d'] ?? '', text.slice(2)) : text;
  return home.replaceAll(/%([%dhru])/g, (_, token: string) => (token === '%' ? '%' : (tokens[token] ?? '')));
}

async function identityFilesOf(
  config: HostConfig,
  options: SftpOptions,
  expand: (text: string) => string,
): Promise<readonly string[]> {
  if (options.identityFile !== undefined) {
    if (await exists(options.identityFile)) return [options.identityFile];
    throw new Failure({
      kind: 'misconfigured',
      message: `the private key ${options.identityFile} is not there or may not be read`,
      hint: 'name an existing key in MLSTOW_SFTP_IDENTITY_FILE',
      subject: options.identityFile,
      settings: ['sftp.identityFile'],
    });
  }
  const configured = config.get('identityfile') ?? [];
  const wanted =
    configured.length > 0
      ? configured.filter((each) => each.toLowerCase() !== 'none').map(expand)
      : DEFAULT_KEYS.map((name) => join(options.home, '.ssh', name));
  const found = await Promise.all(wanted.map(exists));
  return wanted.filter((_, index) => found[index] === true);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function knownHostsFilesOf(
  config: HostConfig,
  options: SftpOptions,
  expand: (text: string) => string,
): readonly string[] {
  const configured = (config.get('userknownhostsfile') ?? [])
    .flatMap((each) => each.split(/\s+/))
    .map(expand);
  const own =
    options.knownHosts !== undefined
      ? [options.knownHosts]
      : configured.length > 0
        ? configured
        : [join(options.home, '.ssh', 'known_hosts')];
  return [...own, SYSTEM_KNOWN_HOSTS];
}

async function jumpOf(config: HostConfig, alias: string, options: SftpOptions): Promise<Target | undefined> {
  const given = config.get('proxyjump')?.[0];
  const command = config.get('proxycommand')?.[0];
  if (given === undefined && command !== undefined && command.toLowerCase() !== 'none')
    throw unsupportedRoute(alias, 'ProxyCommand', 'write the way as ProxyJump; mlstow runs no commands');
  if (given === undefined || given.toLowerCase() === 'none') return undefined;
  const hop = /^(?:ssh:\/\/)?(?:([^@,/]+)@)?(\[[^\]]+\]|[^:@,/[\]]+)(?::(\d+))?$/.exec(given);
  if (!hop) throw unsupportedRoute(alias, `ProxyJump ${given}`, 'name one jump host as user@host:port');
  const [, user, host = '', port]: readonly (string | undefined)[] = hop;
  const parts = {
    host: host.replaceAll(/[[\]]/g, ''),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
  return resolveHost(parts, options, true);
}

function unsupportedRoute(alias: string, what: string, hint: string): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `the SSH configuration leads to ${alias} by ${what}, which mlstow does not do`,
    hint,
    subject: alias,
    settings: ['sftp.configFile'],
  });
}
