import { describeOrigin } from '../../../config/origin.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../check.ts';
import { fail, ok, warn, type Finding } from '../../finding.ts';
import {
  endpointText,
  extraIn,
  wrongPath,
  type EndpointText,
  type Extra,
} from '../../settings/s3-endpoint-text.ts';
import { setTo, undo } from '../../settings/undo.ts';

function isServer(text: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
}

function holdsMore({ text, origin }: EndpointText, extra: Extra): Finding {
  const what =
    extra.key === '' ? `the bucket ${extra.bucket}` : `the bucket ${extra.bucket} and the key ${extra.key}`;
  const evidence = `the S3 endpoint ${text} (${describeOrigin(origin)}) holds ${extra.doubtful ? 'a path, which reads as ' : ''}${what}: artifacts would be looked for at ${wrongPath(text, extra)}`;
  if (extra.bare === undefined) {
    return fail(
      evidence,
      `${undo(origin)}: Amazon S3 needs no endpoint, and the bucket belongs in the artifact location s3://${extra.bucket}/…`,
    );
  }
  return (extra.doubtful ? warn : fail)(evidence, setTo(origin, extra.bare));
}

function look(endpoint: EndpointText): Finding {
  const text = redactUri(endpoint.text);
  const shown = { ...endpoint, text };
  const extra = extraIn(text);
  if (extra) return holdsMore(shown, extra);
  const { origin } = endpoint;
  if (!isServer(endpoint.text)) {
    return fail(
      `the S3 endpoint ${JSON.stringify(text)} (${describeOrigin(origin)}) is not an http(s) URL with a host`,
      `${setTo(origin, 'https://HOST:PORT')} of your store, or ${undo(origin)} for Amazon S3`,
    );
  }
  const url = new URL(endpoint.text);
  if (url.username !== '' || url.password !== '') {
    return fail(
      `the S3 endpoint at ${url.host} (${describeOrigin(origin)}) holds a name or password`,
      `${setTo(origin, url.origin)}, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  }
  return ok(`S3 is at ${url.origin} (${describeOrigin(origin)})`);
}

export const s3Endpoint: Check = {
  id: 'D05',
  name: 's3-endpoint',
  area: 'configuration',
  title: 'The S3 endpoint names a server and no bucket',
  explain:
    'MLFLOW_S3_ENDPOINT_URL is the address of an S3-compatible server, http(s)://host[:port]. With a bucket or a key in it, each is put into the path twice, and artifacts are looked for where nothing is: s3://<bucket>/<key>/<bucket>/<key>, or https://<bucket>.s3.<region>.amazonaws.com/<key>/<bucket>/<key>. Users see "Could not connect to the endpoint", NoSuchKey on a listing, or "not a valid URI". The bucket and the key belong in the artifact location, s3://bucket/key; Amazon S3 itself needs no endpoint.',
  network: false,
  needs: [],
  run({ config, env }) {
    const endpoint = endpointText(config, env);
    return [endpoint ? look(endpoint) : ok('none is set: Amazon S3, or what the AWS profile says')];
  },
};
