import { formatBytes } from '../../../../core/bytes.ts';
import type { Check } from '../../../check.ts';
import { fail, ok, skip, type Finding } from '../../../finding.ts';
import { UPLOADS_MS, uploadSizes, worked, type Upload } from '../../../live/upload-sizes.ts';

/** What proxies answer, or do, when they wait no longer. */
const CUTS = new Set([408, 499, 502, 503, 504]);
const PROXIES_MS = 60_000;

function wasCut({ status, failure }: Upload): boolean {
  return failure !== undefined || (status !== undefined && CUTS.has(status));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function cutOff(cut: Upload): Finding {
  const { bytes, tookMs, status, by, failure } = cut;
  const how = failure ? failure.message : `${status ?? ''} from ${by ?? 'what is before the server'}`;
  const nginx =
    'in nginx set proxy_read_timeout 3600s; proxy_send_timeout 3600s; proxy_request_buffering off; and reload it';
  const others =
    'raise the time-out of the proxy before the server, and of its own workers (gunicorn --timeout)';
  const past =
    'or let large files go past it: MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true on a server with an S3 or GCS destination';
  return fail(
    `an upload of ${formatBytes(bytes)} was cut off after ${seconds(tookMs)}, and a smaller one passed: ${how}`,
    `${/nginx/i.test(by ?? '') ? nginx : others}, ${past}`,
  );
}

/** What the usual limit of proxies would mean here: a look ahead, not a fault. */
function lookAhead({ bytes, tookMs }: Upload): Finding {
  const inMinute = Math.round((bytes / Math.max(1, tookMs)) * PROXIES_MS);
  return ok(
    `nothing was cut off: ${formatBytes(bytes)} took ${seconds(tookMs)}. Inferred from that rate and not seen, since doctor ends before: a proxy that cuts after 60 s, as most do, would stop files from about ${formatBytes(inMinute)}`,
  );
}

export const uploadTime: Check = {
  id: 'D02',
  name: 'upload-time',
  area: 'end to end',
  title: 'Nothing on the way cuts uploads off',
  explain:
    '504 Gateway Time-out, 502, "too many 500 error responses", WORKER TIMEOUT: a proxy waits 60 s for the server to store a body, the server needs longer, and after the retries the model is gone. Probes of growing size go through the server, as long as one takes a few seconds; a larger one that is cut off after a smaller one passed is this. Doctor ends before a limit of 60 s does: what such a limit would mean is inferred from the rate of the largest probe, and told with --verbose as an inference; a proxy that cuts within the time that doctor has is seen. In nginx raise proxy_read_timeout and proxy_send_timeout and set proxy_request_buffering off.',
  network: true,
  writes: true,
  needs: ['server', 'D71', 'probeRun'],
  timeoutMs: UPLOADS_MS,
  async run(context, io) {
    const { skipped, uploads } = await uploadSizes(context, io);
    if (skipped !== undefined) return [skip(skipped)];
    const largest = uploads.filter(worked).at(-1);
    if (!largest) return [skip('even a small upload does not arrive: D77 tells why')];
    const cut = uploads.find(wasCut);
    return [cut ? cutOff(cut) : lookAhead(largest)];
  },
};
