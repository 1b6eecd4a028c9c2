import { Failure } from '../../../core/failure.ts';
import type { Config } from '../../../config/resolve.ts';
import type { Key } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { fail, ok, warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

const IDENTITY = 'DefaultAzureCredential';
/** In order of precedence, as MLflow has it for each scheme. */
const ORDER = {
  wasbs: ['azure.connectionString', 'azure.accessKey'],
  abfss: ['azure.sasToken', 'azure.accessKey'],
} as const satisfies Record<string, readonly Key[]>;

async function malformed(config: Config): Promise<readonly Finding[]> {
  const found = given(config, 'azure.connectionString');
  if (!found) return [];
  const { parseConnectionString } = await import('../../../artifacts/stores/azure/connection-string.ts');
  try {
    parseConnectionString(found.value);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return [
      fail(
        thrown.message,
        `set ${found.origin.name} to what the storage account shows under "Access keys", or ${undo(found.origin)}`,
        found.origin.name,
      ),
    ];
  }
}

function precedence(config: Config, scheme: keyof typeof ORDER): Finding {
  const [winner, ...ignored] = ORDER[scheme].flatMap((key) => given(config, key) ?? []);
  if (!winner)
    return ok(`${scheme}: ${IDENTITY} (environment, workload identity, managed identity, az login)`);
  const { name } = winner.origin;
  const [loser] = ignored;
  const others = [...ignored.map(({ origin }) => origin.name), IDENTITY].join(' and ');
  const evidence = `${scheme}: ${name} wins, and ${others} ${ignored.length > 0 ? 'are' : 'is'} ignored`;
  return loser
    ? warn(evidence, `keep the one that is meant; to use ${name}: ${undo(loser.origin)}`, scheme)
    : ok(evidence);
}

const PRINCIPAL = ['azure.tenantId', 'azure.clientId', 'azure.clientSecret'] as const;
const NAMES = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'] as const;

/** A secret alone logs nobody in; a client id alone names a managed identity. */
function incomplete(config: Config): readonly Finding[] {
  const missing = NAMES.filter((_name, at) => !given(config, PRINCIPAL[at] ?? 'azure.tenantId'));
  if (missing.includes('AZURE_CLIENT_SECRET') || missing.length === 0) return [];
  return [
    warn(
      `AZURE_CLIENT_SECRET is set without ${missing.join(' and ')}, so the service principal is not used`,
      `set ${missing.join(' and ')} as well, or unset AZURE_CLIENT_SECRET`,
      'AZURE_CLIENT_SECRET',
    ),
  ];
}

export const azureCredentials: Check = {
  id: 'D39',
  name: 'azure-credentials',
  area: 'configuration',
  title: 'One Azure credential is meant, and it is the one that is used',
  explain:
    'For wasbs: MLflow takes AZURE_STORAGE_CONNECTION_STRING, else AZURE_STORAGE_ACCESS_KEY, else DefaultAzureCredential, which looks at AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, workload and managed identities and az login; for abfss: AZURE_STORAGE_SAS_TOKEN, else (mlstow) the access key, else the identity. A connection string also decides the account, whatever the URI says. With two set, the stronger one answers, and a 403 is looked for in the wrong place. One of them must be set on the client and on the server.',
  network: false,
  needs: [],
  async run({ config }) {
    return [
      ...(await malformed(config)),
      precedence(config, 'wasbs'),
      precedence(config, 'abfss'),
      ...incomplete(config),
    ];
  },
};
