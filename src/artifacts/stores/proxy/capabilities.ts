import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { readJson } from '../../../net/read-body.ts';
import { serverInfoUrl } from './address.ts';
import { exchange, type ProxyClient } from './client.ts';

/** What a server says of how it takes and gives artifacts. */
export interface ProxyCapabilities {
  /** Whether it told at all; servers before MLflow 3 do not, and then everything is false. */
  readonly told: boolean;
  /** Parts by presigned URLs. */
  readonly multipartUploads: boolean;
  readonly multipartDownloads: boolean;
  /** Bytes go by presigned URLs only. */
  readonly presignedOnly: boolean;
}

const PROBE_MS = 3_000;
const MAX_BYTES = 1024 * 1024;
const SILENT: ProxyCapabilities = {
  told: false,
  multipartUploads: false,
  multipartDownloads: false,
  presignedOnly: false,
};

function capabilitiesOf(info: unknown): ProxyCapabilities {
  if (typeof info !== 'object' || info === null) return SILENT;
  const said = info as Record<string, unknown>;
  return {
    told: true,
    multipartUploads: said['multipart_uploads_enabled'] === true,
    multipartDownloads: said['multipart_downloads_enabled'] === true,
    presignedOnly: said['artifacts_presigned_only'] === true,
  };
}

async function ask(client: ProxyClient, io: Io): Promise<ProxyCapabilities> {
  const call = {
    method: 'GET',
    doing: 'ask',
    subject: client.label,
    url: serverInfoUrl(client.address),
  } as const;
  const response = await exchange(client, call, io);
  if (response.status === 200) return capabilitiesOf(await readJson(response, MAX_BYTES));
  response.body.destroy();
  return SILENT;
}

/**
 * The server's capabilities, asked once, by all who want them at the same time together: within 3 s and without retries, as MLflow's client does. A server that answers
 * in another way, or not at all, has none; one that did not answer is asked again next time.
 * @throws Failure cancelled
 */
export function capabilityProbe(client: ProxyClient): (io: Io) => Promise<ProxyCapabilities> {
  let kept: ProxyCapabilities | undefined;
  let asking: Promise<ProxyCapabilities> | undefined;
  return async (io) => {
    if (kept) return kept;
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(PROBE_MS)]);
    asking ??= ask(client, { ...io, signal }).finally(() => {
      asking = undefined;
    });
    try {
      kept = await asking;
      return kept;
    } catch (thrown) {
      if (io.signal.aborted || !(thrown instanceof Failure)) throw thrown;
      io.trace?.('capabilities', { subject: client.label, unknown: thrown.message });
      return SILENT;
    }
  };
}
