/** The frame of a page: its heading, what can be done with it, and its body. */
import type { ReactNode } from 'react'
import { useTitle } from './use'
import { say } from '../words'

export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  useTitle(`${title} · ${say('发票云影像', 'Invoice imaging')}`)
  return (
    <section className="page" aria-labelledby="page-title">
      <header className="page-head">
        <h1 id="page-title">{title}</h1>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}
