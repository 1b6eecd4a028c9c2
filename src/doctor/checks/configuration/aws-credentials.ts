import type { Config } from '../../../config/resolve.ts';
import type { Check } from '../../check.ts';
import { fail, ok, warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

function look(config: Config): Finding {
  const id = given(config, 's3.accessKeyId');
  const secret = given(config, 's3.secretAccessKey');
  const session = given(config, 's3.sessionToken');
  const profile = given(config, 's3.profile');
  if (profile?.origin.from === 'flag') return ok(`AWS profile ${profile.value} is used`);
  if (id && !secret) {
    return fail(
      'AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY',
      'set AWS_SECRET_ACCESS_KEY as well, or unset AWS_ACCESS_KEY_ID to use a profile or role',
    );
  }
  if (secret && !id) {
    return fail(
      'AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID',
      'set AWS_ACCESS_KEY_ID as well, or unset AWS_SECRET_ACCESS_KEY to use a profile or role',
    );
  }
  if (session && !id) {
    return warn(
      'AWS_SESSION_TOKEN is set without the keys that it belongs to, and is ignored',
      undo(session.origin),
    );
  }
  if (id && profile) {
    return warn(
      `AWS_ACCESS_KEY_ID and ${profile.origin.name} are both set: the keys win here, and other tools take the profile`,
      `keep the one that is meant; to use the keys: ${undo(profile.origin)}`,
    );
  }
  if (id) return ok('the keys of AWS_ACCESS_KEY_ID are used');
  return ok(
    profile
      ? `AWS profile ${profile.value} is used`
      : 'the default chain is used: profile, web identity, container and instance role',
  );
}

export const awsCredentials: Check = {
  id: 'D49',
  name: 'aws-credentials',
  area: 'configuration',
  title: 'The AWS keys are whole, and nothing else competes with them',
  explain:
    'A key without its secret sends clients on through the default chain, or ends with "Partial credentials found". With keys and AWS_PROFILE both set, tools differ in which they take: boto3, so stock MLflow, and mlstow take the keys, newer AWS SDKs the profile; the same command then works in one place and not in another.',
  network: false,
  needs: [],
  run: ({ config }) => [look(config)],
};
