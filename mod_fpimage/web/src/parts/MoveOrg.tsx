/** An organisation goes below another, with all that stands below it: only places that it may have are offered. */
import { Modal, Select } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import { say } from '../words'
import { Failure } from './Failure'
import { asTree, branchOf, LEVELS, orgLabel } from './orgs'
import type { Row } from './Records'
import { useAct, useLoad } from './use'

/** Levels that the branch takes, itself included. */
const heightOf = (branch: Row[], org: Row) => Math.max(...branch.map(row => row.level - org.level + 1), 1)

export function MoveOrg({ org, onClose }: { org: Row; onClose: () => void }) {
  const load = useLoad(signal => call<{ items: Row[] }>('/api/v1/organisations', { signal }), [])
  const [chosen, setChosen] = useState<string | null>(null)
  const act = useAct()
  const rows = load.data?.items ?? []
  const branch = branchOf(rows, org.org_id)
  const height = heightOf(branch, org)
  const inside = new Set(branch.map(row => row.org_id))
  const now = String(rows.find(row => row.org_id === org.parent_id)?.code ?? '')
  const places = asTree(rows).filter(row => row.code === now || (!inside.has(row.org_id) && row.is_active && row.level + height <= LEVELS))
  const to = chosen ?? now
  const move = async () => {
    if (await act.run(() => call(`/api/v1/organisations/${org.org_id}`, { method: 'PUT', body: { parent: to } }))) onClose()
  }
  return (
    <Modal open title={say(`移动 ${org.name}`, `Move ${org.name}`)} onCancel={onClose} onOk={move} confirmLoading={act.isBusy} okText={say('移动', 'Move')} cancelText={say('取消', 'Cancel')}
           okButtonProps={{ disabled: !load.data || to === now }}>
      <Failure error={load.error ?? act.error} />
      <div className="stack"><span>{say('上级组织', 'Above it')}</span>
        <Select value={to} aria-label={say('上级组织', 'Above it')} loading={load.isLoading} showSearch optionFilterProp="label" onChange={setChosen}
                options={[{ value: '', label: say('租户（最上级）', 'the tenant (the top)') }, ...places.map(row => ({ value: row.code, label: orgLabel(row) }))]} />
      </div>
      <p className="hint">
        {branch.length > 1 && say(`其下 ${branch.length - 1} 个组织一同移动。`, `${branch.length - 1} below it move along. `)}
        {say('用户、扫描点、单据和已设定的查看范围不变；上级组织的“含下级”范围随新位置生效。', 'Its users, scan points, bills and grants stay; grants “and below” of those above it hold as it stands then.')}
      </p>
      <p className="hint">{say('未列出的组织已停用，或会使层级超过 4 级。', 'One that is not offered is disabled, or would make more than 4 levels.')}</p>
    </Modal>
  )
}
