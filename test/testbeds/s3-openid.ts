import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import type { S3BedOptions } from './s3.ts';
import { startListener, type Listener } from './listener.ts';

/** A token issuer on loopback, for AssumeRoleWithWebIdentity. */
export interface OpenIdIssuer {
  /** What MinIO is told of it. */
  readonly provider: NonNullable<S3BedOptions['openId']>;
  /** The role that MinIO makes of it: named by a digest of the client. */
  readonly roleArn: string;
  /** A signed token of that issuer; `aud` is the client unless told. */
  token(claims?: Readonly<Record<string, unknown>>): string;
  stop(): Promise<void>;
}

const CLIENT_ID = 'mlstow-tests';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** OpenID Connect discovery with one RS256 key: https://openid.net/specs/openid-connect-discovery-1_0.html */
export async function startOpenIdIssuer(): Promise<OpenIdIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' };
  const listener: Listener = await startListener(({ url }, response) => {
    const issuer = listener.url;
    const configuration = {
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url === '/keys' ? { keys: [jwk] } : configuration));
  });
  const roleArn = `arn:minio:iam:::role/${createHash('sha1').update(CLIENT_ID).digest('base64url')}`;
  const ask = { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: roleArn };
  return {
    provider: {
      configUrl: `${listener.url}/.well-known/openid-configuration`,
      clientId: CLIENT_ID,
      knownAt: async (endpoint) => {
        const body = new URLSearchParams({ ...ask, WebIdentityToken: 'none' });
        const answer = await fetch(endpoint, { method: 'POST', body });
        return !(await answer.text()).includes('is not defined');
      },
    },
    roleArn,
    token: (claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: listener.url,
        sub: 'task',
        aud: CLIENT_ID,
        iat: now,
        exp: now + 3600,
        ...claims,
      };
      const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${encode(payload)}`;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
    },
    stop: async () => listener.stop(),
  };
}
