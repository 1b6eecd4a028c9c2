import { didYouMean } from '../../../config/did-you-mean.ts';
import { describeOrigin, type Origin } from '../../../config/origin.ts';
import { Failure } from '../../../core/failure.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given, problemOf } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

const VARIABLE = 'MLFLOW_S3_UPLOAD_EXTRA_ARGS';
const EXAMPLE = `set ${VARIABLE}='{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "1234"}', one JSON object with boto3's names, or unset it`;

async function judge(name: string, value: unknown, origin: Origin): Promise<readonly Finding[]> {
  const { extraHeaders, UPLOAD_ARGUMENTS } = await import('../../../artifacts/stores/s3/extra-args.ts');
  try {
    extraHeaders({ [name]: value });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const known = UPLOAD_ARGUMENTS.includes(name);
    const near = known ? undefined : didYouMean(name, UPLOAD_ARGUMENTS);
    const instead =
      near === undefined ? `remove ${name} from ${VARIABLE}` : `write ${near} in place of ${name}`;
    return [
      fail(
        `${thrown.message} (${describeOrigin(origin)})`,
        known ? `correct the value of ${name} in ${VARIABLE}, or ${undo(origin)}` : instead,
        name,
      ),
    ];
  }
}

export const s3UploadExtraArgs: Check = {
  id: 'D35',
  name: 's3-upload-extra-args',
  area: 'configuration',
  title: 'The extra arguments of S3 uploads are ones that S3 takes',
  explain:
    'MLFLOW_S3_UPLOAD_EXTRA_ARGS is a JSON object of boto3\'s upload arguments, such as {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "1234"}. Text that is no JSON, often because a shell took the quotes away, and names that boto3 does not know make every upload fail; an encryption that is misspelt must not be left out silently.',
  network: false,
  needs: [],
  async run({ config }) {
    const problem = problemOf(config, 's3.uploadExtraArgs');
    if (problem) return [fail(problem.message, EXAMPLE)];
    const found = given(config, 's3.uploadExtraArgs');
    if (!found) return [ok('none are set')];
    const each = Object.entries(found.value).map(async ([name, value]) => judge(name, value, found.origin));
    return (await Promise.all(each)).flat();
  },
};
