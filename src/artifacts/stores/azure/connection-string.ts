import { Failure } from '../../../core/failure.ts';

/** What a storage account's connection string says. */
export interface ConnectionFacts {
  readonly account: string;
  readonly endpoint: URL;
  readonly key?: string;
  /** A shared access signature without its `?`. */
  readonly sas?: string;
}

const VARIABLE = 'AZURE_STORAGE_CONNECTION_STRING';

function malformed(reason: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${VARIABLE} ${reason}`,
    subject: 'azure.connectionString',
    hint: 'copy it from the storage account: DefaultEndpointsProtocol=https;AccountName=NAME;AccountKey=KEY;EndpointSuffix=core.windows.net',
    settings: ['azure.connectionString'],
  });
}

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(';').filter((each) => each.trim() !== '')) {
    const equals = field.indexOf('=');
    if (equals < 1) throw malformed('has a field without a value');
    fields.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim());
  }
  return fields;
}

function endpointOf(fields: ReadonlyMap<string, string>, account: string | undefined): URL {
  const told = fields.get('blobendpoint');
  if (told === undefined && account === undefined) throw malformed('names no AccountName');
  const suffix = fields.get('endpointsuffix') ?? 'core.windows.net';
  const protocol = fields.get('defaultendpointsprotocol') ?? 'https';
  const text = told ?? `${protocol}://${account ?? ''}.blob.${suffix}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw malformed('names no endpoint that is an http or https URL');
  }
  return new URL(text);
}

/** The account of an endpoint: its first path segment at an emulator or IP address, else its first label. */
function accountOf(endpoint: URL): string {
  const [segment = ''] = endpoint.pathname.split('/').filter(Boolean);
  return segment === '' ? (endpoint.hostname.split('.')[0] ?? '') : segment;
}

/**
 * Reads a connection string; names of fields in any case, as Python's client takes them.
 * https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
 * @throws Failure misconfigured; the string itself is never shown
 */
export function parseConnectionString(text: string): ConnectionFacts {
  const fields = fieldsOf(text);
  const named = fields.get('accountname');
  const endpoint = endpointOf(fields, named);
  const account = named ?? accountOf(endpoint);
  const key = fields.get('accountkey');
  if (key !== undefined && key !== '') return { account, endpoint, key };
  const sas = fields.get('sharedaccesssignature')?.replace(/^\?/, '');
  if (sas === undefined || sas === '') {
    throw malformed('has neither an AccountKey nor a SharedAccessSignature');
  }
  return { account, endpoint, sas };
}
