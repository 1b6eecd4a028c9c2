import type { Io } from '../../../core/io.ts';
import { bytesPayload } from './payload.ts';
import type { Root } from './root.ts';
import { escapeText, type Element } from './xml.ts';

/** What is to go: an object, or one version of it. */
export interface Doomed {
  readonly key: string;
  readonly versionId?: string;
}

function objectElement({ key, versionId }: Doomed): string {
  const version = versionId === undefined ? '' : `<VersionId>${escapeText(versionId)}</VersionId>`;
  return `<Object><Key>${escapeText(key)}</Key>${version}</Object>`;
}

function bodyOf(doomed: readonly Doomed[]): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${doomed.map(objectElement).join('')}<Quiet>true</Quiet></Delete>`,
  );
}

/** Who pays for requests, where that is set. */
export function payer(root: Root): Record<string, string> {
  const found = root.extra.access['x-amz-request-payer'];
  return found === undefined ? {} : { 'x-amz-request-payer': found };
}

/** DeleteObjects, whose answer tells errors only. */
export async function deleteObjects(root: Root, doomed: readonly Doomed[], io: Io): Promise<Element> {
  return root.client.ask(
    {
      method: 'POST',
      doing: 'remove from',
      repeatable: true,
      subject: root.label,
      query: { delete: '' },
      headers: { 'content-type': 'application/xml', ...payer(root) },
      payload: bytesPayload(bodyOf(doomed), ['md5']),
    },
    io,
  );
}
