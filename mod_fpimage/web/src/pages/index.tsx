/** Which component shows which page; each comes when it is first asked for. */
import { type ComponentType, lazy } from 'react'

/** Those that are a description in kinds.tsx. */
const record = (page: string) => lazy(async () => {
  const [{ kinds }, { Records }] = await Promise.all([import('./kinds'), import('../parts/Records')])
  const kind = kinds.find(one => one.page === page)
  if (!kind) throw new Error(`no page ${page}`)
  return { default: () => <Records kind={kind} /> }
})

export const pages: Record<string, ComponentType> = {
  home: lazy(() => import('./Home')),
  bills: lazy(() => import('./Bills')),
  capture: lazy(() => import('./Capture')),
  invoices: lazy(() => import('./Invoices')),
  exports: lazy(() => import('./Exports')),
  'cover-rules': lazy(() => import('./CoverRules')),
  'file-formats': lazy(() => import('./FileFormats')),
  storage: lazy(() => import('./Storage')),
  pushes: record('pushes'),
  attachments: record('attachments'),
  users: lazy(() => import('./Users')),
  roles: record('roles'),
  organisations: record('organisations'),
  enterprises: record('enterprises'),
  'push-table': record('push-table'),
  'business-systems': record('business-systems'),
  'audit-log': record('audit-log'),
  'bill-types': record('bill-types'),
  labels: record('labels'),
  'scan-points': lazy(() => import('./ScanPoints')),
  scanners: record('scanners'),
  settings: lazy(() => import('./Settings')),
  statistics: lazy(() => import('./Statistics')),
  journal: record('journal'),
  doctor: lazy(() => import('./Doctor')),
  deliveries: record('deliveries'),
  account: lazy(() => import('./Password')),
}

export const hasPage = (page: string) => page in pages
