/** Which component shows which page; each comes when it is first asked for. */
import { type ComponentType, lazy } from 'react'

export const pages: Record<string, ComponentType> = {
  home: lazy(() => import('./Home')),
  bills: lazy(() => import('./Bills')),
  capture: lazy(() => import('./Capture')),
  invoices: lazy(() => import('./Invoices')),
  exports: lazy(() => import('./Exports')),
  'cover-rules': lazy(() => import('./CoverRules')),
  'file-formats': lazy(() => import('./FileFormats')),
  storage: lazy(() => import('./Storage')),
  account: lazy(() => import('./Password')),
}

export const hasPage = (page: string) => page in pages
