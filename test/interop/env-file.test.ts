import { expect, it } from 'vitest';
import { readEnvFile } from '../../src/config/env-file.ts';
import { runPython } from '../testbeds/mlflow.ts';
import { makeWorkspace } from '../unit/config/workspace.ts';

const FILE = String.raw`# comment
A=1
export B="two words" # c
C='single ${'${A}'}'
D=${'${A}'}/x
E="${'${A}'}-${'${NOPE:-dflt}'}"
F=a#b
G=a #b
H="line\nnext \"q\" \t"
I='line\nnext it\'s'
J=
K
L="multi
line"
M = spaced  
N=$A
A=2
SET=new
EMPTY=new
O=${'`tick`'}
P=${'${SET}'}
'quoted key'=1

  # indented
  Q=x=y==
R=""
`;

it('reads from --env-file what mlflow reads from it, and what is set already wins', async () => {
  const space = await makeWorkspace();
  const env = { SET: 'old', EMPTY: '' };
  for (const content of [FILE, FILE.replaceAll('\n', '\r\n')]) {
    const path = await space.write('file.env', content);
    const script = `import os,sys,json; os.environ.clear(); os.environ.update(${JSON.stringify(env)})
from dotenv import load_dotenv; load_dotenv(sys.argv[1], override=False); print(json.dumps(dict(os.environ)))`;
    const { stdout } = await runPython(script, [path]);
    expect(await readEnvFile(path, env)).toEqual(JSON.parse(stdout));
  }
});
