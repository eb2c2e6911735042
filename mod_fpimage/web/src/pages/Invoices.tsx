/** Invoices that were read from files, of all bills that one may see. */
import type { Found } from '../api/types'
import { List } from '../parts/List'
import { Page } from '../parts/Page'
import { Link } from '../router'
import { money, say } from '../words'
import { sourceName } from './state'
import { Mark } from '../parts/Mark'

export default function Invoices() {
  return (
    <Page title={say('发票', 'Invoices')}>
      <List<Found>
        path="/api/v1/invoices" label={say('发票', 'Invoices')} rowKey={one => one.id}
        filters={[
          { name: 'number', title: say('发票号码', 'Number'), kind: 'text' }, { name: 'seller', title: say('销售方', 'Seller'), kind: 'text', hint: say('完整名称或税号最快', 'whole name or tax number is fastest') },
          { name: 'date_from', title: say('开票自', 'Issued from'), kind: 'day' }, { name: 'date_to', title: say('开票至', 'Issued to'), kind: 'day' },
          { name: 'twin', title: say('只看重复的', 'Twins only'), kind: 'flag', flag: 'ANY' },
        ]}
        columns={[
          { key: 'number', title: say('发票号码', 'Number'), isMain: true, show: one => <span className="whole">{one.number ?? '—'}</span> },
          { key: 'date', title: say('开票日期', 'Date'), show: one => one.date },
          { key: 'seller', title: say('销售方', 'Seller'), show: one => one.seller_name },
          { key: 'buyer', title: say('购买方', 'Buyer'), show: one => one.buyer_name },
          { key: 'gross', title: say('价税合计（元）', 'Gross (CNY)'), isNumber: true, show: one => money(one.gross) },
          { key: 'source', title: say('来源', 'Source'), show: one => <>{sourceName(one.source)} {one.has_conflict && <Mark color="red">{say('不一致', 'differs')}</Mark>}</> },
          { key: 'twin', title: say('重复', 'Twin'), show: one => one.twin && one.twin.kind !== 'SAME_BILL' && one.twin.bill_id
            ? <Link className="number-of" to={`/bills/${one.twin.bill_id}`}>{one.twin.bill_number}</Link> : one.twin ? say('本单据内', 'same bill') : '' },
          { key: 'bill', title: say('影像编号', 'Image number'), show: one => <Link className="number-of" to={`/bills/${one.bill_id}?file=${one.file_id}&page=${one.page}`}>{one.bill_number ?? one.bill_id}</Link> },
        ]}
        empty={say('还没有识别到发票', 'No invoices were read yet')}
      />
    </Page>
  )
}
