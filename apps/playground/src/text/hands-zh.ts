// 在图片上涂画和轻推的地方，页面说的话：简体中文。

import type { handsEn } from './hands-en.ts'
import type { Said } from './table.ts'

export const handsZh: Said<typeof handsEn> = {
  title: '动手改图片',
  about: '改一改图片，看答案怎么变。',
  tools: '对图片做什么',
  paint: '涂改',
  draw: '自己画',
  nudge: '轻推',
  paintAbout:
    '盖住或模糊一部分：答案需要的东西没了，就看得出来。方向键移动画笔，空格涂画，退格撤销。',
  drawAbout: '画一个模型认识的东西。方向键移动画笔，空格涂画，退格撤销。',
  ink: '画笔',
  size: '画笔大小',
  undo: '撤销',
  reset: '重来',
  keep: '留作图片',
  kept: '已留下：{{name}} 在图片之中。',
  full: '画满了。撤销一些，或者留作图片再接着画。',
  canvas: '在 {{name}} 上涂画',
  pad: '画板',
  at: '画笔在 {{x}}，{{y}}（共 {{grid}} 格）。',
  answer: '涂画时的答案',
  says: '{{label}}，{{share}}',
  drawing: '手绘',
  painted: '{{name}}（涂改）',
  inks: {
    grey: '灰',
    blur: '模糊',
    black: '黑',
    red: '红',
    orange: '橙',
    yellow: '黄',
    green: '绿',
    blue: '蓝',
    white: '白',
  },
  nudgeAbout:
    '每个像素的每种颜色最多移动 ε，方向取对答案伤害最大的那个：快速梯度符号法（Goodfellow 等，2014）。眼睛看来很小，对网络却很大。',
  epsilon: 'ε：{{epsilon}}/255',
  away: '远离',
  likeliest: '最可能的类',
  before: '之前',
  after: '之后',
  difference: '差别，放大 {{times}} 倍',
  noDifference: '还没有差别：移动 ε。',
  nudged: '{{name}}（轻推 {{epsilon}}/255）',
  far: '离原图多远，逐层看',
  farLpips: 'LPIPS：{{distance}}。0 表示同一张图片。',
  farPlain:
    '单位归一化特征的距离（不带学得权重的 LPIPS：这个网络的每个通道同等看待）：{{distance}}。0 表示同一张图片。',
  layer: '第 {{index}} 个卷积之后：{{value}}',
}
