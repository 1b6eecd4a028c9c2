import type { Check } from '../../check.ts';
import { ok, warn } from '../../finding.ts';

export const s3Region: Check = {
  id: 'D58',
  name: 's3-region',
  area: 'configuration',
  title: 'All S3 clients take the same region',
  explain:
    "Python's boto3, so stock MLflow, reads AWS_DEFAULT_REGION only; mlstow and the AWS SDKs for JavaScript, Go and Java read AWS_REGION first. When the two differ, one of them talks to the wrong region: 301 PermanentRedirect, AuthorizationHeaderMalformed, or at a MinIO with a region of its own, a signature that does not match.",
  network: false,
  needs: [],
  run({ env }) {
    const ours = env['AWS_REGION'] ?? '';
    const python = env['AWS_DEFAULT_REGION'] ?? '';
    if (ours === '' || python === '' || ours === python)
      return [ok('AWS_REGION and AWS_DEFAULT_REGION do not differ')];
    return [
      warn(
        `AWS_REGION is ${ours}, and AWS_DEFAULT_REGION is ${python}: mlstow takes the first, stock MLflow the second`,
        `set AWS_DEFAULT_REGION=${ours}, or AWS_REGION=${python}, whichever the bucket is in`,
      ),
    ];
  },
};
