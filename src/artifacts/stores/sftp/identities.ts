import { readFile } from 'node:fs/promises';
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from 'ssh2';
import type { SftpOptions } from './options.ts';
import type { Target } from './target.ts';

/** One way to log in and how it is called in messages; no secret in the name. */
export interface Attempt {
  readonly name: string;
  readonly auth: AnyAuthMethod;
}

/** The ways to log in, in the order in which they are tried, and what was left out and why. */
export interface Identities {
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly string[];
}

type Found = Attempt | { readonly skipped: string };

/** Collects what may prove who we are: the agent's keys, key files, a password (also asked for by keyboard). */
export async function gatherIdentities(target: Target, options: SftpOptions): Promise<Identities> {
  const { user: username } = target;
  const agent = await agentAttempt(target, options);
  const files = await Promise.all(
    target.identityFiles.map(async (file) => keyAttempt(file, username, options.identityPassphrase)),
  );
  const found = [...agent, ...files, ...passwordAttempts(target)];
  return {
    attempts: found.filter((each): each is Attempt => 'auth' in each),
    skipped: found.flatMap((each) => ('skipped' in each ? [each.skipped] : [])),
  };
}

async function keyAttempt(file: string, username: string, passphrase: string | undefined): Promise<Found> {
  let parsed: unknown;
  try {
    parsed = ssh2.utils.parseKey(await readFile(file), passphrase);
  } catch (thrown) {
    return { skipped: `${file} (${(thrown as NodeJS.ErrnoException).code ?? 'it cannot be read'})` };
  }
  // Several keys may be in one file; the first is the one that ssh uses.
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
  if (key instanceof Error || !key.isPrivateKey()) {
    const why = key instanceof Error ? key.message : 'it is a public key';
    return { skipped: `${file} (${why}; its passphrase goes in MLSTOW_SFTP_IDENTITY_PASSPHRASE)` };
  }
  return { name: `key ${file}`, auth: { type: 'publickey', username, key } };
}

async function agentAttempt(target: Target, options: SftpOptions): Promise<readonly Found[]> {
  const { agentSocket } = options;
  if (agentSocket === undefined) return [];
  const agent = ssh2.createAgent(agentSocket);
  let keys;
  try {
    keys = await agentKeys(agent);
  } catch (thrown) {
    return [{ skipped: `the agent (${(thrown as Error).message})` }];
  }
  const wanted = target.identitiesOnly ? await publicKeysOf(target.identityFiles) : undefined;
  const offered = wanted ? keys.filter((key) => wanted.some((each) => each.equals(blobOf(key)))) : keys;
  if (offered.length === 0) return [{ skipped: 'the agent (it holds no key for this host)' }];
  const name = `${offered.length} ${offered.length === 1 ? 'key' : 'keys'} of the agent`;
  const auth = { type: 'agent', username: target.user, agent: new NarrowAgent(agent, offered) } as const;
  return [{ name, auth }];
}

type AgentKey = ParsedKey | Buffer | string;

function blobOf(key: AgentKey): Buffer {
  if (Buffer.isBuffer(key)) return key;
  return typeof key === 'string' ? Buffer.from(key) : key.getPublicSSH();
}

async function agentKeys(agent: BaseAgent): Promise<readonly AgentKey[]> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []) as readonly AgentKey[]);
    });
  });
}

/** The public halves that lie beside key files, which need no passphrase. */
async function publicKeysOf(files: readonly string[]): Promise<readonly Buffer[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(`${file}.pub`).catch(() => undefined);
      const key = text && ssh2.utils.parseKey(text);
      return key && !(key instanceof Error) ? [key.getPublicSSH()] : [];
    }),
  );
  return found.flat();
}

/** An agent of which only some keys are offered: servers close the connection after a few keys that do not fit. */
class NarrowAgent extends ssh2.BaseAgent {
  readonly #agent: BaseAgent;
  readonly #keys: readonly AgentKey[];

  constructor(agent: BaseAgent, keys: readonly AgentKey[]) {
    super();
    this.#agent = agent;
    this.#keys = keys;
  }

  override getIdentities(done: Parameters<BaseAgent['getIdentities']>[0]): void {
    done(undefined, [...this.#keys]);
  }

  override sign(...call: readonly unknown[]): void {
    (this.#agent.sign as (...all: readonly unknown[]) => void)(...call);
  }
}

function passwordAttempts({ user: username, password }: Target): readonly Attempt[] {
  if (password === undefined) return [];
  return [
    { name: 'password', auth: { type: 'password', username, password } },
    {
      name: 'keyboard-interactive with the password',
      auth: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _text, _language, prompts, finish) => finish(prompts.map(() => password)),
      },
    },
  ];
}
