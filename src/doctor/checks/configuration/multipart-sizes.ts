import { describeOrigin } from '../../../config/origin.ts';
import { formatBytes } from '../../../core/bytes.ts';
import type { Check } from '../../check.ts';
import { warn } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo } from '../../settings/undo.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const LEAST = 5 * 1024 ** 2;
const MOST = 5 * 1024 ** 3;
const USUAL = 100 * 1024 ** 2;

export const multipartSizes: Check = {
  id: 'D47',
  name: 'multipart-sizes',
  area: 'configuration',
  title: 'Parts of large files have a size that stores take',
  explain:
    'S3 takes parts of 5 MiB to 5 GiB, the last one excepted. With MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE below that, stock MLflow sends all parts of a large file past the proxy, and the store refuses the whole at the end (EntityTooSmall). mlstow sends parts of 5 MiB at least.',
  network: false,
  needs: [],
  run({ config }) {
    const found = given(config, 'artifacts.multipartUploadChunkSize');
    if (!found || (found.value >= LEAST && found.value <= MOST)) return [];
    const { value, origin } = found;
    return [
      warn(
        `parts of ${formatBytes(value)} (${describeOrigin(origin)}) are ${value < LEAST ? 'smaller than the 5 MiB' : 'larger than the 5 GiB'} that S3 takes`,
        setTo(origin, String(USUAL)),
      ),
    ];
  },
};
