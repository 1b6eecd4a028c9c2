import { describeOrigin } from '../../../config/origin.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import type { Root } from '../../roots.ts';
import {
  endpointText,
  extraIn,
  wrongPath,
  type EndpointText,
  type Extra,
} from '../../settings/s3-endpoint-text.ts';
import { undo } from '../../settings/undo.ts';

function hostOf(uri: string): string | undefined {
  return /^https?:\/\//i.test(uri) && URL.canParse(uri) ? new URL(uri).host : undefined;
}

/** The bucket and key that come twice: those of the endpoint, else those that the root adds to it. */
function doubled(root: Root, text: string): Extra | undefined {
  const extra = extraIn(text);
  const { recorded } = root;
  if (!recorded) return undefined;
  if (hostOf(root.uri) !== undefined && hostOf(root.uri) === hostOf(text)) {
    return extra ?? extraIn(root.uri) ?? { bucket: '<bucket>', key: '<key>', doubtful: false };
  }
  const same = recorded.scheme === 's3' && extra && recorded.authority === extra.bucket;
  return same && recorded.path.startsWith(extra.key) ? extra : undefined;
}

function whose({ experiments, namedBy }: Root): string {
  const [first] = experiments;
  if (!first) return namedBy.join(', ');
  const others = experiments.length > 1 ? ` and ${experiments.length - 1} more` : '';
  return `experiment ${first.experimentId} (${first.name})${others}`;
}

function look(root: Root, { text, origin }: EndpointText): readonly Finding[] {
  const shown = redactUri(text);
  const extra = doubled(root, shown);
  if (!extra) return [];
  const path = wrongPath(
    /^s3/i.test(shown) ? `s3://${[extra.bucket, extra.key].filter(Boolean).join('/')}` : shown,
    extra,
  );
  return [
    fail(
      `the artifact root ${root.uri} of ${whose(root)} contains the S3 endpoint ${shown} (${describeOrigin(origin)}) already: a client that has both looks at ${path}`,
      `${undo(origin)} on this client`,
      root.uri,
    ),
  ];
}

export const s3EndpointInRoot: Check = {
  id: 'D32',
  name: 's3-endpoint-in-root',
  area: 'configuration',
  title: 'No artifact root contains the S3 endpoint that the client adds',
  explain:
    "A server started with --default-artifact-root $MLFLOW_S3_ENDPOINT_URL hands its clients locations that contain the endpoint. A client that has MLFLOW_S3_ENDPOINT_URL set as well joins the two, and the result is no store: https://<bucket>.s3.<region>.amazonaws.com/<key>/<bucket>/<key> or s3://<bucket>/<key>/<bucket>/<key>. MLflow's documentation says to unset the variable on clients. On a client that reaches an S3-compatible store directly, with s3://bucket/key as location, the variable is needed, and nothing is said.",
  network: true,
  needs: ['roots'],
  async run(context) {
    const endpoint = endpointText(context.config, context.env);
    if (!endpoint) return [ok('no S3 endpoint is set here')];
    return (await context.roots()).flatMap((root) => look(root, endpoint));
  },
};
