import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One way to tell mlstow who it is at the tracking server. */
export interface Identity {
  readonly name: string;
  /** Prepares the home folder, and gives the environment for a tracking server at `url`. */
  readonly prepare: (url: string, home: string) => Promise<Readonly<Record<string, string>>>;
  /** How the `Authorization` header starts that the tracking server gets. */
  readonly scheme: string;
}

const USER = 'ada';
const PASSWORD = 'Pass/w0rd-never-shown';
const TOKEN = 'token-never-shown-0123456789';
const SECRET_KEY = 'aws-secret-key-never-shown';
const SESSION = 'aws-session-token-never-shown';
const ACCESS_KEY = 'AKIDNEVERELSEWHERE';

/** Texts of which none may be anywhere but in a request to the tracking server. */
export const SECRETS: readonly string[] = [
  PASSWORD,
  encodeURIComponent(PASSWORD),
  Buffer.from(`${USER}:${PASSWORD}`).toString('base64'),
  TOKEN,
  SECRET_KEY,
  SESSION,
];

/** AWS keys, to sign with. */
export const AWS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: ACCESS_KEY,
  AWS_SECRET_ACCESS_KEY: SECRET_KEY,
  AWS_SESSION_TOKEN: SESSION,
  AWS_DEFAULT_REGION: 'eu-central-1',
};

/** Every variable that holds a secret of the tracking server. */
export const TRACKING_SECRETS: Readonly<Record<string, string>> = {
  MLFLOW_TRACKING_USERNAME: USER,
  MLFLOW_TRACKING_PASSWORD: PASSWORD,
  MLFLOW_TRACKING_TOKEN: TOKEN,
};

/** A tracking URI that holds user name and password. */
export function withUserinfo(url: string): string {
  return url.replace('://', `://${USER}:${encodeURIComponent(PASSWORD)}@`);
}

async function writeCredentials(home: string): Promise<void> {
  await mkdir(join(home, '.mlflow'), { recursive: true });
  const lines = ['[mlflow]', `mlflow_tracking_username = ${USER}`, `mlflow_tracking_password = ${PASSWORD}`];
  await writeFile(join(home, '.mlflow', 'credentials'), `${lines.join('\n')}\n`);
}

/** Every way that there is. */
export const IDENTITIES: readonly Identity[] = [
  {
    name: 'MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD',
    prepare: async (url) => ({
      MLFLOW_TRACKING_URI: url,
      MLFLOW_TRACKING_USERNAME: USER,
      MLFLOW_TRACKING_PASSWORD: PASSWORD,
    }),
    scheme: 'Basic ',
  },
  {
    name: 'MLFLOW_TRACKING_TOKEN',
    prepare: async (url) => ({ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_TOKEN: TOKEN }),
    scheme: `Bearer ${TOKEN}`,
  },
  {
    name: '~/.mlflow/credentials',
    prepare: async (url, home) => {
      await writeCredentials(home);
      return { MLFLOW_TRACKING_URI: url };
    },
    scheme: 'Basic ',
  },
  {
    name: 'userinfo in the tracking URI',
    prepare: async (url) => ({ MLFLOW_TRACKING_URI: withUserinfo(url) }),
    scheme: 'Basic ',
  },
  {
    name: 'MLFLOW_TRACKING_AWS_SIGV4',
    prepare: async (url) => ({ MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_AWS_SIGV4: 'true', ...AWS }),
    scheme: `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/`,
  },
];
