// 实时页面所说的，简体中文。

import type { liveEn } from './live-en.ts'
import type { Said } from './table.ts'

export const liveZh: Said<typeof liveEn> = {
  about: '摄像头画面逐帧送入网络，网络答得多快就多快。画面不会离开本设备，也不会保存。',
  start: '打开摄像头',
  stop: '关闭摄像头',
  freeze: '定格',
  hint: '按空格键也可以定格。',
  frozen: '定格：{{label}}，{{share}}。',
  layer: '显示哪一层的图',
  none: '不显示',
  answer: '识别结果',
  maps: '{{layer}} 最近几帧里最强的图',
  mapAlt: '{{layer}} 的图 {{channel}}',
  map: '图 {{channel}}',
  rate: '帧每秒',
  each: '毫秒每帧',
  frames: '已看的帧',
  held: '持有的张量',
}
