/** What a role was allowed and what it may do no more, by the names of the permissions; their codes for who may not see those. */
import { call } from '../api/client'
import { say } from '../words'
import { useLoad } from './use'

const codesOf = (text: unknown) => String(text ?? '').split(',').filter(Boolean)

export function PermissionChange({ before, after }: { before: unknown; after: unknown }) {
  const names = useLoad(signal => call<{ items: { permission: string; name: string }[] }>('/api/v1/permissions', { signal }), [])
  const [was, is] = [codesOf(before), codesOf(after)]
  const listed = (codes: string[]) => codes.map(code => names.data?.items.find(one => one.permission === code)?.name ?? code).join(say('、', ', '))
  const given = is.filter(one => !was.includes(one))
  const taken = was.filter(one => !is.includes(one))
  return (
    <>
      {given.length > 0 && <div><span className="quiet">{say('授予权限', 'permissions given')}</span> {listed(given)}</div>}
      {taken.length > 0 && <div><span className="quiet">{say('收回权限', 'permissions taken')}</span> {listed(taken)}</div>}
    </>
  )
}
