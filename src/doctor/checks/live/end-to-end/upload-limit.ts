import { formatBytes } from '../../../../core/bytes.ts';
import type { Check } from '../../../check.ts';
import { fail, ok, skip } from '../../../finding.ts';
import { UPLOADS_MS, uploadSizes, worked } from '../../../live/upload-sizes.ts';

export const uploadLimit: Check = {
  id: 'D03',
  name: 'upload-limit',
  area: 'end to end',
  title: 'Nothing on the way refuses uploads for their size',
  explain:
    '413 Request Entity Too Large: nginx refuses bodies of more than 1 MB unless it is told otherwise, and a model is larger. Probes of growing size are sent through the server, up to 32 MiB; the limit is narrowed down by halves. In nginx set client_max_body_size 0; at a Kubernetes ingress the annotation nginx.ingress.kubernetes.io/proxy-body-size: "0".',
  network: true,
  writes: true,
  needs: ['server', 'D71', 'probeRun'],
  timeoutMs: UPLOADS_MS,
  async run(context, io) {
    const { skipped, uploads, limit } = await uploadSizes(context, io);
    if (skipped !== undefined) return [skip(skipped)];
    const refused = uploads.find(({ status }) => status === 413);
    if (refused) {
      const between = limit
        ? `; the limit is between ${formatBytes(limit.passed)} and ${formatBytes(limit.refused)}`
        : '';
      const by = refused.by ?? 'what is before the server';
      const remedy = /nginx/i.test(by)
        ? 'set client_max_body_size 0; in nginx and reload it (Kubernetes ingress: nginx.ingress.kubernetes.io/proxy-body-size: "0")'
        : `raise the largest body that ${by} takes`;
      return [fail(`an upload of ${formatBytes(refused.bytes)} is refused by ${by} (413)${between}`, remedy)];
    }
    const largest = uploads.filter(worked).at(-1);
    if (!largest) return [skip('even a small upload does not arrive: D02 and D77 tell why')];
    return [ok(`uploads up to ${formatBytes(largest.bytes)} pass`)];
  },
};
