import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

/** Runs statements on the database that commands in `folder` use by default, as a history that they met would have left it. */
export function changeDatabase(folder: string, statements: string): void {
  const database = new DatabaseSync(join(folder, 'mlflow.db'));
  try {
    database.exec(statements);
  } finally {
    database.close();
  }
}
